using System.Net;
using Gateway.Proxy.Settings;
using Microsoft.Extensions.Options;

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
    internal string ReadToken() => TokenFile.Length > 0 ? SecretFile.Read(TokenFile) : Token;
}

internal sealed class ManagementOptionsValidator : IValidateOptions<ManagementOptions>
{
    // The host gives everything together 30 seconds to stop; calls and sockets need some of them.
    private static readonly TimeSpan MaxDrainDelay = TimeSpan.FromSeconds(20);

    private const int MinTokenLength = 16;

    public ValidateOptionsResult Validate(string? name, ManagementOptions options)
    {
        var errors = new SettingErrors(ManagementOptions.SectionName);
        if (!IPAddress.TryParse(options.Address, out _))
        {
            errors.Add($"{ManagementOptions.SectionName}:Address is '{options.Address}'; use an IP address, '127.0.0.1' for this machine alone.");
        }

        errors.CheckPort(nameof(options.Port), options.Port);
        errors.CheckTime(nameof(options.DrainDelay), options.DrainDelay, TimeSpan.Zero, MaxDrainDelay);
        if (options.TokenFile.Length > 0 && FindProblemOfTokenFile(options) is { } problem)
        {
            errors.Add($"{ManagementOptions.SectionName}:TokenFile is '{options.TokenFile}', which {problem}.");
        }

        if (options.Token.Length is > 0 and < MinTokenLength)
        {
            errors.Add($"{ManagementOptions.SectionName}:Token has {options.Token.Length} characters; use {MinTokenLength} or more.");
        }

        return errors.Result;
    }

    private static string? FindProblemOfTokenFile(ManagementOptions options)
    {
        if (!File.Exists(options.TokenFile))
        {
            return "does not exist; mount it there, or leave it out";
        }

        try
        {
            return options.ReadToken().Length switch
            {
                0 => $"is empty; write a token of {MinTokenLength} or more characters into it, or leave it out",
                < MinTokenLength and var length => $"holds a token of {length} characters; use {MinTokenLength} or more",
                _ => null,
            };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "may not be read by this user; change its owner or permissions";
        }
    }
}
