namespace Gateway.Transforms.Errors;

/// <summary>How failures are told to clients: section <c>Gateway:Errors</c>.</summary>
public sealed class ErrorOptions
{
    public const string SectionName = "Gateway:Errors";

    /// <summary>The language of errmsg for a client whose Accept-Language names neither: <c>en</c> (default) or <c>zh-CN</c>.</summary>
    public string DefaultLanguage { get; set; } = "en";

    /// <summary>Whether a failure is HTTP 200 with an error in the body (<c>Envelope</c>, default) or has a status of its own (<c>Http</c>).</summary>
    public StatusMode StatusMode { get; set; } = StatusMode.Envelope;
}
