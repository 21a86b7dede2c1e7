using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Rpc;

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
        Check(nameof(options.MaxBufferedAnswer), options.MaxBufferedAnswer, RpcReply.HeldLength);
        Check(nameof(options.MaxDiscardedRequest), options.MaxDiscardedRequest, 0);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Check(string setting, long value, long min)
        {
            if (value < min || value > Gibibyte)
            {
                errors.Add($"{RpcOptions.SectionName}:{setting} is {value}; use {min} to {Gibibyte} bytes.");
            }
        }
    }
}
