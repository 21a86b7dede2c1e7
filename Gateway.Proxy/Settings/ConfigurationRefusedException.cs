namespace Gateway.Proxy.Settings;

/// <summary>A configuration has mistakes. Each is one sentence that names what, which value and the cure.</summary>
public sealed class ConfigurationRefusedException(IReadOnlyList<string> errors, Exception? cause = null)
    : Exception(string.Join(Environment.NewLine, errors), cause)
{
    public IReadOnlyList<string> Errors { get; } = errors;
}
