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
}
