using Gateway.Proxy.Settings;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Limits;

/// <summary>All rate limits, by name. The section itself is the dictionary.</summary>
internal sealed class RateLimits : Dictionary<string, RateLimit>
{
    public const string SectionName = "Gateway:RateLimits";

    public RateLimits()
        : base(StringComparer.OrdinalIgnoreCase)
    {
    }
}

internal sealed class RateLimitsValidator : IValidateOptions<RateLimits>
{
    private const int MaxPermit = 1_000_000;
    private const int MaxQueue = 10_000;

    public ValidateOptionsResult Validate(string? name, RateLimits options)
    {
        var errors = new SettingErrors(RateLimits.SectionName);
        foreach (var (limitName, limit) in options)
        {
            Check(errors, limitName, limit);
        }

        return errors.Result;
    }

    private static void Check(SettingErrors errors, string name, RateLimit limit)
    {
        var section = $"{RateLimits.SectionName}:{name}";
        errors.CheckNumber($"{name}:Permit", limit.Permit, 1, MaxPermit, "{0} to {1} requests");
        errors.CheckTime($"{name}:Window", limit.Window, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        if (!Enum.IsDefined(limit.Per))
        {
            errors.Add($"{section}:Per is '{limit.Per}'; use 'Address', 'User', 'Field' or 'Global'.");
        }

        if (!Enum.IsDefined(limit.WhenRedisFails))
        {
            errors.Add($"{section}:WhenRedisFails is '{limit.WhenRedisFails}'; use 'Allow' or 'Refuse'.");
        }

        errors.CheckNumber($"{name}:QueueLimit", limit.QueueLimit, 0, MaxQueue);
        if (limit is { Per: LimitScope.Field, Field.Length: 0 })
        {
            errors.Add($"{section}:Per is 'Field', but Field is empty; name a field of the request, as 'phone_number'.");
        }
        else if (limit.Per != LimitScope.Field && limit.Field.Length > 0)
        {
            errors.Add($"{section}:Field is '{limit.Field}', but Per is '{limit.Per}'; set Per to 'Field', or leave Field out.");
        }

        if (limit is { Per: LimitScope.Field, QueueLimit: > 0 })
        {
            errors.Add($"{section}:QueueLimit is {limit.QueueLimit} beside 'Field'; nobody can wait for a limit by field, so use 0.");
        }
        else if (limit is { Shared: true, QueueLimit: > 0 })
        {
            errors.Add($"{section}:QueueLimit is {limit.QueueLimit} beside 'Shared'; nobody can wait for a shared limit, so use 0.");
        }
    }
}
