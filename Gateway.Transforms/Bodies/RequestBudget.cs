namespace Gateway.Transforms.Bodies;

/// <summary>
/// Bounds the bytes that all requests together hold in memory, beyond what each may hold anyway. Senders that are not known yet may take a quarter
/// of it, so that strangers leave the rest to those who are.
/// </summary>
/// <param name="max">In bytes.</param>
public sealed class RequestBudget(long max)
{
    private long _held;
    private long _unknown;

    internal long Max => max;

    /// <summary>Bytes held now.</summary>
    internal long Held => Interlocked.Read(ref _held);

    /// <summary>Those of them whose sender is not known.</summary>
    internal long HeldOfUnknown => Interlocked.Read(ref _unknown);

    /// <summary>Takes bytes from the budget; false when fewer are left.</summary>
    internal bool TryTake(long bytes, bool isKnown)
    {
        if (!isKnown && !TryAdd(ref _unknown, bytes, max / 4))
        {
            return false;
        }

        if (TryAdd(ref _held, bytes, max))
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

    /// <summary>The sender of bytes that are held is known now.</summary>
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
}
