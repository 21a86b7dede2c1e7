using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Sessions;

internal sealed class RedisOptionsValidator : IValidateOptions<RedisOptions>
{
    // The value itself stays out of the message: it may hold the password.
    private const string Problem =
        $"{RedisOptions.SectionName}:Configuration cannot be read; write it as 'host:port', further settings after commas, as in '10.0.0.1:6379,password=...'.";

    public ValidateOptionsResult Validate(string? name, RedisOptions options)
    {
        try
        {
            return RedisConnection.ParseConfiguration(options.Configuration).EndPoints.Count > 0
                ? ValidateOptionsResult.Success
                : ValidateOptionsResult.Fail(Problem);
        }
        catch (ArgumentException)
        {
            return ValidateOptionsResult.Fail(Problem);
        }
    }
}
