using System.Diagnostics.CodeAnalysis;
using Gateway.Proxy.Settings;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Hub;

/// <summary>Who is told who comes online and goes, and what people miss who are not: section <c>Gateway:Hook</c>.</summary>
public sealed class HookOptions
{
    public const string SectionName = "Gateway:Hook";

    /// <summary>The cluster of the service that takes reports. Empty: nobody is told. Default empty.</summary>
    [AllowNull]
    public string ClusterId { get; set => field = value ?? ""; } = "";

    /// <summary>The RPC, with the messages of proto/hook.proto. Default <c>gateway.hook.v1.PresenceHook/Report</c>.</summary>
    public string Rpc { get; set; } = "gateway.hook.v1.PresenceHook/Report";

    /// <summary>Whether events for users without a socket are reported too. Default yes.</summary>
    public bool Events { get; set; } = true;

    /// <summary>The longest event that is reported whole; of a longer one its type alone. Default 4096; 0 to 65536.</summary>
    public int MaxEventBytes { get; set; } = 4096;

    /// <summary>How many reports wait at most; further ones are dropped. Default 10000; 100 to 1000000.</summary>
    public int QueueLimit { get; set; } = 10_000;

    /// <summary>How many reports go out together at most. Default 100; 1 to 1000.</summary>
    public int BatchSize { get; set; } = 100;

    /// <summary>How long the service may take over one call. Default 5 seconds; 100 milliseconds to 1 minute.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a call that fails is made again, before its reports are dropped. Default 1 minute; 0 to 1 hour.</summary>
    public TimeSpan RetryFor { get; set; } = TimeSpan.FromMinutes(1);
}

internal sealed class HookOptionsValidator : IValidateOptions<HookOptions>
{
    public ValidateOptionsResult Validate(string? name, HookOptions options)
    {
        var errors = new SettingErrors(HookOptions.SectionName);
        if (options.Rpc.Split('/') is not [{ Length: > 0 }, { Length: > 0 }])
        {
            errors.Add($"{HookOptions.SectionName}:Rpc is '{options.Rpc}'; write 'package.Service/Method', as in 'gateway.hook.v1.PresenceHook/Report'.");
        }

        errors.CheckNumber(nameof(options.MaxEventBytes), options.MaxEventBytes, 0, 64 << 10);
        errors.CheckNumber(nameof(options.QueueLimit), options.QueueLimit, 100, 1_000_000);
        errors.CheckNumber(nameof(options.BatchSize), options.BatchSize, 1, 1_000);
        errors.CheckTime(nameof(options.Timeout), options.Timeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));
        errors.CheckTime(nameof(options.RetryFor), options.RetryFor, TimeSpan.Zero, TimeSpan.FromHours(1));
        return errors.Result;
    }
}
