namespace Gateway.Proxy.Operations;

/// <summary>The port of health checks, metrics and administration: section <c>Gateway:Management</c>. Clients must not reach it.</summary>
public sealed class ManagementOptions
{
    public const string SectionName = "Gateway:Management";

    /// <summary>Whether there is such a port. Default true.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// The address to listen on, as an IP address. Default <c>127.0.0.1</c>: only this machine. An orchestrator that probes from
    /// outside needs <c>0.0.0.0</c>, and then a network that keeps everybody else away.
    /// </summary>
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>The port. Default 9002; 0 picks a free one.</summary>
    public int Port { get; set; } = 9002;

    /// <summary>
    /// The secret for <c>/admin</c>, sent as <c>Authorization: Bearer</c>. Default empty: without one, <c>/admin</c> can be read from
    /// this machine, and nothing can be changed.
    /// </summary>
    public string Token { get; set; } = "";

    /// <summary>A file that holds the token instead, as orchestrators mount secrets. Read at start. Wins over <see cref="Token"/>.</summary>
    public string TokenFile { get; set; } = "";

    /// <summary>
    /// How long the gateway goes on serving after it was told to stop, while <c>/readyz</c> already says so: the time a load balancer
    /// needs to notice. Default 0, up to 20 seconds.
    /// </summary>
    public TimeSpan DrainDelay { get; set; } = TimeSpan.Zero;

    /// <summary>The token, wherever it stands. Empty: there is none.</summary>
    internal string ReadToken() => TokenFile.Length > 0 ? File.ReadAllText(TokenFile).Trim() : Token;
}
