using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Limits;

internal sealed class RateLimitsValidator : IValidateOptions<RateLimits>
{
    private const int MaxPermit = 1_000_000;
    private const int MaxQueue = 10_000;

    private static readonly TimeSpan MinWindow = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxWindow = TimeSpan.FromDays(1);

    public ValidateOptionsResult Validate(string? name, RateLimits options)
    {
        var errors = options.SelectMany(limit => Check($"{RateLimits.SectionName}:{limit.Key}", limit.Value)).ToList();
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static IEnumerable<string> Check(string section, RateLimit limit)
    {
        if (limit.Permit is < 1 or > MaxPermit)
        {
            yield return $"{section}:Permit is {limit.Permit}; use 1 to {MaxPermit} requests.";
        }

        if (limit.Window < MinWindow || limit.Window > MaxWindow)
        {
            yield return $"{section}:Window is '{limit.Window:c}'; use '{MinWindow:c}' to '{MaxWindow:c}'.";
        }

        if (!Enum.IsDefined(limit.Per))
        {
            yield return $"{section}:Per is '{limit.Per}'; use 'Address', 'User' or 'Global'.";
        }

        if (!Enum.IsDefined(limit.WhenRedisFails))
        {
            yield return $"{section}:WhenRedisFails is '{limit.WhenRedisFails}'; use 'Allow' or 'Refuse'.";
        }

        if (limit.QueueLimit is < 0 or > MaxQueue)
        {
            yield return $"{section}:QueueLimit is {limit.QueueLimit}; use 0 to {MaxQueue}.";
        }

        if (limit is { Shared: true, QueueLimit: > 0 })
        {
            yield return $"{section}:QueueLimit is {limit.QueueLimit} beside 'Shared'; nobody can wait for a shared limit, so use 0.";
        }
    }
}
