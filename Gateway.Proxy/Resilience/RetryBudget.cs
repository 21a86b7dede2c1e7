namespace Gateway.Proxy.Resilience;

/// <summary>
/// Bounds how many requests of a cluster are sent again. A cluster that fails because of too much load must not be given twice as much.
/// </summary>
internal sealed class RetryBudget(TimeProvider time)
{
    /// <summary>Retries in ten seconds that are always allowed: a share of few requests would be none.</summary>
    public const int Least = 10 * RollingWindow.Seconds;

    private readonly Lock _lock = new();
    private readonly RollingWindow _window = new(time);

    /// <summary>A request has come in.</summary>
    public void Count()
    {
        lock (_lock)
        {
            _window.Add(1, 0);
        }
    }

    /// <summary>Takes one retry out of the budget; false when it is used up.</summary>
    /// <param name="percent">The share of requests that may be sent again, beyond the <see cref="Least"/>.</param>
    public bool TryTake(int percent)
    {
        lock (_lock)
        {
            _window.Advance();
            if (_window.Marked >= Least + (_window.Events * (long)percent / 100))
            {
                return false;
            }

            _window.Add(0, 1);
            return true;
        }
    }
}
