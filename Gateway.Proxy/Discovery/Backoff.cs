namespace Gateway.Proxy.Discovery;

/// <summary>Pauses that double from <paramref name="min"/> to <paramref name="max"/>, each shortened by up to half at random.</summary>
/// <remarks>
/// The randomness keeps a fleet of gateways from asking a returning source all at once. Not Polly's: it has such pauses only within a retry strategy,
/// which counts failures in a row, while here a connection that held for a while begins the count anew.
/// </remarks>
internal sealed class Backoff(TimeSpan min, TimeSpan max, Random random)
{
    private int _failures;

    public void Reset() => _failures = 0;

    public TimeSpan Next()
    {
        var full = Math.Min(min.TotalMilliseconds * Math.Pow(2, _failures), max.TotalMilliseconds);
        _failures = Math.Min(_failures + 1, 30);
        return TimeSpan.FromMilliseconds(full * (1 - random.NextDouble() / 2));
    }
}
