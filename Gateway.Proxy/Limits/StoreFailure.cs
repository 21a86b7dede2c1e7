namespace Gateway.Proxy.Limits;

/// <summary>What a shared rate limit does while Redis does not answer.</summary>
public enum StoreFailure
{
    /// <summary>Requests pass unlimited.</summary>
    Allow,

    /// <summary>Requests are refused.</summary>
    Refuse,
}
