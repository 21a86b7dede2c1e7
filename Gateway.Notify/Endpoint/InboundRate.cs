namespace Gateway.Notify.Endpoint;

/// <summary>Counts what a client sends, second by second.</summary>
internal sealed class InboundRate(int perSecond, TimeProvider time)
{
    private long _secondStartedAt = time.GetTimestamp();
    private int _taken;

    /// <summary>False when the client has sent too much within a second.</summary>
    public bool TryTake()
    {
        if (time.GetElapsedTime(_secondStartedAt) >= TimeSpan.FromSeconds(1))
        {
            _secondStartedAt = time.GetTimestamp();
            _taken = 0;
        }

        return ++_taken <= perSecond;
    }
}
