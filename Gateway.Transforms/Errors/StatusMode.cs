namespace Gateway.Transforms.Errors;

/// <summary>The HTTP status of a refused or failed call. The body is the same in both.</summary>
public enum StatusMode
{
    /// <summary>Always 200: deployed clients read no body of any other status.</summary>
    Envelope,

    /// <summary>400, 401, 413, 415, 502, 503 or 504, for clients that go by the status.</summary>
    Http,
}
