namespace Gateway.Proxy.Sessions;

/// <summary>Where sessions are looked up.</summary>
public enum SessionStoreKind
{
    /// <summary>In Redis, where the user service writes them.</summary>
    Redis,

    /// <summary>In this process, for a demo or a test that plays the user service itself.</summary>
    Memory,
}
