using Gateway.Proxy.Tls;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Gateway.Proxy.Sessions;

internal sealed class RedisOptionsValidator : IValidateOptions<RedisOptions>
{
    // The value itself stays out of the message: it may hold the password.
    private const string Problem =
        $"{RedisOptions.SectionName}:Configuration cannot be read; write it as 'host:port', further settings after commas, as in '10.0.0.1:6379,password=...'.";

    public ValidateOptionsResult Validate(string? name, RedisOptions options)
    {
        List<string> errors = [.. options.Tls.FindErrors(RedisOptions.SectionName, options.KeyFile)];
        if (options.PasswordFile.Length > 0 && SecretFile.FindError($"{RedisOptions.SectionName}:PasswordFile", options.PasswordFile) is { } error)
        {
            errors.Add(error);
        }

        if (Parse(options) is not { EndPoints.Count: > 0 } parsed)
        {
            errors.Add(Problem);
        }
        else if (options.Tls.IsSet && !parsed.Ssl)
        {
            errors.Add($"{RedisOptions.SectionName} has certificates for TLS, but its Configuration does not say 'ssl=true'; add it, or leave them out.");
        }

        else if (!parsed.ChannelPrefix.IsNullOrEmpty)
        {
            errors.Add(
                $"{RedisOptions.SectionName}:Configuration has 'channelPrefix', which does not hold for what scripts publish; leave it out, and set Gateway:Notify:KeyPrefix, with which all channels of the gateway begin.");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static ConfigurationOptions? Parse(RedisOptions options)
    {
        try
        {
            return RedisConnection.ParseConfiguration(options.Configuration);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
