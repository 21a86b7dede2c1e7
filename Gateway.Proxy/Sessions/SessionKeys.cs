using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Sessions;

/// <summary>The Redis keys of sessions, by <see cref="SessionOptions.KeyPattern"/>.</summary>
internal sealed class SessionKeys
{
    private readonly string _before;
    private readonly string _after;

    public SessionKeys(IOptions<SessionOptions> options)
    {
        var pattern = options.Value.KeyPattern.Split(SessionOptions.Placeholder);
        (_before, _after) = (pattern[0], pattern[1]);
    }

    public string KeyOf(string sessionId) => _before + sessionId + _after;

    /// <summary>The session id in a key; null when it is not the key of a session.</summary>
    public string? SessionOf(string key) =>
        key.Length > _before.Length + _after.Length && key.StartsWith(_before, StringComparison.Ordinal) && key.EndsWith(_after, StringComparison.Ordinal)
            ? key[_before.Length..^_after.Length]
            : null;
}
