using System.Diagnostics.Metrics;

namespace Gateway.Transforms.Rpc;

/// <summary>
/// Bounds the bytes that all requests together hold in memory, beyond what each may hold anyway. Senders that are not known yet may take half of
/// it, so that strangers leave the other half to those who are.
/// </summary>
public sealed class RequestBudget
{
    private readonly long _max;
    private readonly long _maxUnknown;
    private long _held;
    private long _unknown;

    /// <param name="max">In bytes.</param>
    /// <param name="meters">Where its metrics are kept.</param>
    public RequestBudget(long max, IMeterFactory meters)
    {
        _max = max;
        _maxUnknown = max / 2;
        var meter = meters.Create(RpcMetrics.MeterName);
        meter.CreateObservableGauge("gateway.requests.held", Measure, "By", "Bytes of large requests held in memory, by whether their sender is known.");
        meter.CreateObservableGauge("gateway.requests.held.max", () => _max, "By", "The most bytes of large requests that may be held in memory.");
    }

    /// <summary>Bytes held now.</summary>
    internal long Held => Interlocked.Read(ref _held);

    /// <summary>Those of them whose sender is not known.</summary>
    internal long HeldOfUnknown => Interlocked.Read(ref _unknown);

    /// <summary>Takes so many bytes; false when there are not so many left.</summary>
    internal bool TryTake(long bytes, bool isKnown)
    {
        if (!isKnown && !TryAdd(ref _unknown, bytes, _maxUnknown))
        {
            return false;
        }

        if (TryAdd(ref _held, bytes, _max))
        {
            return true;
        }

        GiveBackUnknown(bytes, isKnown);
        return false;
    }

    internal void GiveBack(long bytes, bool isKnown)
    {
        GiveBackUnknown(bytes, isKnown);
        Interlocked.Add(ref _held, -bytes);
    }

    /// <summary>The sender of so many bytes that are held is known now.</summary>
    internal void Identify(long bytes) => Interlocked.Add(ref _unknown, -bytes);

    private void GiveBackUnknown(long bytes, bool isKnown)
    {
        if (!isKnown)
        {
            Interlocked.Add(ref _unknown, -bytes);
        }
    }

    private static bool TryAdd(ref long sum, long bytes, long max)
    {
        if (Interlocked.Add(ref sum, bytes) <= max)
        {
            return true;
        }

        Interlocked.Add(ref sum, -bytes);
        return false;
    }

    private IEnumerable<Measurement<long>> Measure()
    {
        var unknown = HeldOfUnknown;
        return
        [
            new(Math.Max(0, Held - unknown), new KeyValuePair<string, object?>("sender", "known")),
            new(unknown, new KeyValuePair<string, object?>("sender", "unknown")),
        ];
    }
}
