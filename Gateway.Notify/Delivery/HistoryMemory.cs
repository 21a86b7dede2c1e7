namespace Gateway.Notify.Delivery;

/// <summary>How many bytes the histories of all users take together.</summary>
internal sealed class HistoryMemory(long limit)
{
    private long _taken;

    /// <summary>Takes bytes, to be returned in any case. False when they are more than there is room for.</summary>
    public bool TryTake(long bytes) => Interlocked.Add(ref _taken, bytes) <= limit;

    public void Return(long bytes) => Interlocked.Add(ref _taken, -bytes);
}
