namespace Gateway.Proxy.Sessions.Tracking;

/// <summary>What a value of Redis's protocol is, as far as it matters here.</summary>
internal enum RespKind
{
    Null,

    /// <summary>Any single value: text, a number, true or false.</summary>
    Text,

    Error,

    /// <summary>Several values: an array, a set, or the keys and values of a map in turn.</summary>
    List,

    /// <summary>Something that Redis tells without having been asked.</summary>
    Push,
}
