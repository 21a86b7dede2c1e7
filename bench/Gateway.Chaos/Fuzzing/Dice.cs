namespace Gateway.Chaos.Fuzzing;

/// <summary>
/// Numbers that look random and are the same for the same seed, on every machine and every version of .NET: a finding has to come back.
/// The generator is SplitMix64, https://prng.di.unimi.it/splitmix64.c.
/// </summary>
internal sealed class Dice(ulong seed)
{
    private ulong _state = seed;

    /// <summary>Dice that depend on nothing but an input, so that a saved input is judged as it was when it was found.</summary>
    public static Dice Of(ReadOnlySpan<byte> input)
    {
        var hash = 14695981039346656037;
        foreach (var next in input)
        {
            hash = (hash ^ next) * 1099511628211;
        }

        return new Dice(hash);
    }

    /// <summary>Dice for one of many inputs, none of which needs the one before it.</summary>
    public static Dice Of(ulong seed, int number) => new(new Dice(seed + ((ulong)number << 20)).Next());

    /// <summary>Any number from 0 to below <paramref name="end"/>, which is at least 1.</summary>
    public int Below(int end) => (int)(Next() % (ulong)end);

    /// <summary>True once in <paramref name="times"/>.</summary>
    public bool OnceIn(int times) => Below(times) == 0;

    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    public ulong Next()
    {
        var value = _state += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
