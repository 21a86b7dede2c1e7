namespace Gateway.Transforms.Reporting;

/// <summary>Whether each call is logged: section <c>Gateway:AccessLog</c>.</summary>
public sealed class AccessLogOptions
{
    public const string SectionName = "Gateway:AccessLog";

    /// <summary>One line for each call that has ended, well or not. Default false.</summary>
    public bool Enabled { get; set; }
}
