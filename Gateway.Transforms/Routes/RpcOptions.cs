using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Routes;

/// <summary>Defaults and bounds of the calls to sub-services: section <c>Gateway:Rpc</c>.</summary>
public sealed class RpcOptions
{
    public const string SectionName = "Gateway:Rpc";

    /// <summary>Answers up to this length are held whole, in bytes. Longer ones are streamed.</summary>
    internal const int HeldAnswer = 64 << 10;

    /// <summary>
    /// How long a call may take on a route that sets no <c>Timeout</c>, from the first byte of the request to the last of the answer.
    /// The sub-service is told what is left of it as grpc-timeout. Default 10 seconds; 10 milliseconds to 1 hour.
    /// </summary>
    public TimeSpan DefaultTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The largest request body on a route that sets no <c>MaxRequestBodySize</c>, in bytes. Default 4 MiB; 1 KiB to 1 GiB.</summary>
    public long DefaultMaxRequestBodySize { get; set; } = 4 << 20;

    /// <summary>
    /// The largest answer that has to be held in memory: one that makes events, or a compressed one. Others pass through as they
    /// come and have no limit. In bytes. Default 72 MiB; 64 KiB to 1 GiB.
    /// </summary>
    public int MaxBufferedAnswer { get; set; } = 72 << 20;

    /// <summary>
    /// A request that is answered before all of it has come is read on and thrown away, so that its sender gets to read the answer instead of
    /// a broken connection: so much more than the route allows. In bytes. Default 64 MiB; 0 to 1 GiB.
    /// </summary>
    public long MaxDiscardedRequest { get; set; } = 64 << 20;

    /// <summary>For how long such a request is read on. Default 1 minute; 0 to 10 minutes.</summary>
    public TimeSpan MaxDiscardTime { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The header, or user field, that tells sub-services who calls, besides or instead of the field of the message, as <c>x-user-id</c>. What a client sends
    /// under that name goes nowhere, on any route. Default empty: none.
    /// </summary>
    public string UserIdHeader { get; set; } = "";

    /// <summary>
    /// The header that tells the id of a call's trace, to sub-services and in the answers to clients, as <c>x-trace-id</c>. What a client sends under that name
    /// goes nowhere. Default empty: none.
    /// </summary>
    public string TraceIdHeader { get; set; } = "";
}

internal sealed class RpcOptionsValidator : IValidateOptions<RpcOptions>
{
    public static readonly TimeSpan MinTimeout = TimeSpan.FromMilliseconds(10);
    public static readonly TimeSpan MaxTimeout = TimeSpan.FromHours(1);
    public const long Gibibyte = 1 << 30;
    private const long Kibibyte = 1 << 10;
    private static readonly TimeSpan MaxDiscardTime = TimeSpan.FromMinutes(10);

    public ValidateOptionsResult Validate(string? name, RpcOptions options)
    {
        List<string> errors = [];
        if (options.DefaultTimeout < MinTimeout || options.DefaultTimeout > MaxTimeout)
        {
            errors.Add($"{RpcOptions.SectionName}:DefaultTimeout is '{options.DefaultTimeout}'; use '{MinTimeout}' to '{MaxTimeout}'.");
        }

        if (options.MaxDiscardTime < TimeSpan.Zero || options.MaxDiscardTime > MaxDiscardTime)
        {
            errors.Add($"{RpcOptions.SectionName}:{nameof(options.MaxDiscardTime)} is '{options.MaxDiscardTime}'; use '{TimeSpan.Zero}' to '{MaxDiscardTime}'.");
        }

        Check(nameof(options.DefaultMaxRequestBodySize), options.DefaultMaxRequestBodySize, Kibibyte);
        Check(nameof(options.MaxBufferedAnswer), options.MaxBufferedAnswer, RpcOptions.HeldAnswer);
        Check(nameof(options.MaxDiscardedRequest), options.MaxDiscardedRequest, 0);
        CheckHeader(nameof(options.UserIdHeader), options.UserIdHeader);
        CheckHeader(nameof(options.TraceIdHeader), options.TraceIdHeader);
        if (options.UserIdHeader.Length > 0 && string.Equals(options.UserIdHeader, options.TraceIdHeader, StringComparison.OrdinalIgnoreCase))
        {
            errors.Add($"{RpcOptions.SectionName}:{nameof(options.UserIdHeader)} and {nameof(options.TraceIdHeader)} are both '{options.UserIdHeader}'; use two names.");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void CheckHeader(string setting, string name)
        {
            // What begins otherwise may be a header of HTTP, of gRPC or of a trace.
            if (name.Length > 0 && !(HeaderName.IsValid(name) && name.StartsWith("x-", StringComparison.OrdinalIgnoreCase) && !name.Equals("x-forwarded-for", StringComparison.OrdinalIgnoreCase)))
            {
                errors.Add($"{RpcOptions.SectionName}:{setting} is '{name}'; use a name that begins with 'x-', as 'x-user-id', or leave it empty.");
            }
        }

        void Check(string setting, long value, long min)
        {
            if (value < min || value > Gibibyte)
            {
                errors.Add($"{RpcOptions.SectionName}:{setting} is {value}; use {min} to {Gibibyte} bytes.");
            }
        }
    }
}
