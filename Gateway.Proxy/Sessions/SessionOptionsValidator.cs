using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Sessions;

internal sealed class SessionOptionsValidator : IValidateOptions<SessionOptions>
{
    private static readonly TimeSpan MinTimeout = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan MaxTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MaxCacheTtl = TimeSpan.FromSeconds(30);
    private const int MinCacheEntries = 1000;
    private const int MaxCacheEntries = 10_000_000;

    public ValidateOptionsResult Validate(string? name, SessionOptions options)
    {
        var errors = new List<string>();
        if (!Enum.IsDefined(options.Store))
        {
            errors.Add($"{SessionOptions.SectionName}:Store is '{options.Store}'; use 'Redis' or 'Memory'.");
        }

        if (options.KeyPattern.Split(SessionOptions.Placeholder).Length != 2)
        {
            errors.Add($"{SessionOptions.SectionName}:KeyPattern is '{options.KeyPattern}'; write {SessionOptions.Placeholder} in it exactly once, as in 'session:{SessionOptions.Placeholder}'.");
        }

        if (options.MarkerKeyPattern.Split(SessionOptions.UserPlaceholder).Length != 2)
        {
            errors.Add($"{SessionOptions.SectionName}:MarkerKeyPattern is '{options.MarkerKeyPattern}'; write {SessionOptions.UserPlaceholder} in it exactly once, as in 'status:{SessionOptions.UserPlaceholder}'.");
        }

        if (options.LookupTimeout < MinTimeout || options.LookupTimeout > MaxTimeout)
        {
            errors.Add($"{SessionOptions.SectionName}:LookupTimeout is '{options.LookupTimeout:c}'; use a time from '{MinTimeout:c}' to '{MaxTimeout:c}', written as hours:minutes:seconds.");
        }

        if (options.CacheTtl < TimeSpan.Zero || options.CacheTtl > MaxCacheTtl)
        {
            errors.Add($"{SessionOptions.SectionName}:CacheTtl is '{options.CacheTtl:c}'; use a time up to '{MaxCacheTtl:c}', written as hours:minutes:seconds, or '00:00:00' to remember no session.");
        }

        if (options.CacheEntries is < MinCacheEntries or > MaxCacheEntries)
        {
            errors.Add($"{SessionOptions.SectionName}:CacheEntries is {options.CacheEntries}; use a number from {MinCacheEntries} to {MaxCacheEntries}.");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
