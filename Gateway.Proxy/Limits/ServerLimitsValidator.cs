using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Limits;

internal sealed class ServerLimitsValidator : IValidateOptions<ServerLimits>
{
    private const int Million = 1_000_000;
    private const int MiB = 1 << 20;
    private const long TiB = 1L << 40;

    public ValidateOptionsResult Validate(string? name, ServerLimits options)
    {
        List<string> errors = [];
        Check(nameof(options.MaxConnections), options.MaxConnections, 1, Million);
        Check(nameof(options.MaxUpgradedConnections), options.MaxUpgradedConnections, 1, Million);
        Check(nameof(options.MaxRequestHeadersSize), options.MaxRequestHeadersSize, 1 << 10, MiB);
        Check(nameof(options.MinDataRate), options.MinDataRate, 0, MiB);
        Check(nameof(options.MaxHeldRequestBytes), options.MaxHeldRequestBytes ?? MiB, MiB, TiB);
        CheckTime(nameof(options.RequestHeadersTimeout), options.RequestHeadersTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));
        CheckTime(nameof(options.KeepAliveTimeout), options.KeepAliveTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        CheckTime(nameof(options.MaxConnectionAge), options.MaxConnectionAge == TimeSpan.Zero ? TimeSpan.FromSeconds(1) : options.MaxConnectionAge, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        CheckTime(nameof(options.MinDataRateGrace), options.MinDataRateGrace, TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(5));
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Check(string setting, long value, long min, long max)
        {
            if (value < min || value > max)
            {
                errors.Add($"{ServerLimits.SectionName}:{setting} is {value}; use {min} to {max}.");
            }
        }

        void CheckTime(string setting, TimeSpan value, TimeSpan min, TimeSpan max)
        {
            if (value < min || value > max)
            {
                errors.Add($"{ServerLimits.SectionName}:{setting} is '{value:c}'; use '{min:c}' to '{max:c}'.");
            }
        }
    }
}
