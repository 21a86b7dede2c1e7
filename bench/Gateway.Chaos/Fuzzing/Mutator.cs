using System.Buffers.Binary;

namespace Gateway.Chaos.Fuzzing;

/// <summary>
/// Makes inputs that are nearly good. Which ones depends on the seed alone: the input of one number is the same in every run, whatever
/// came before it.
/// </summary>
/// <param name="corpus">What mutations begin with; not empty.</param>
/// <param name="words">What the format is made of; see <see cref="IFuzzTarget.Words"/>.</param>
/// <param name="seed">Of the run.</param>
internal sealed class Mutator(IReadOnlyList<byte[]> corpus, IReadOnlyList<byte[]> words, ulong seed)
{
    /// <summary>The longest input, in bytes. Longer ones find nothing that these do not, and take their time.</summary>
    private const int MaxLength = 16 << 10;

    private const int MostSteps = 6;
    private const int LongestRun = 64;

    private static readonly ulong[] Integers =
        [0, 1, 2, 0x0F, 0x10, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x1_0000_0000, long.MaxValue, ulong.MaxValue];

    /// <summary>The input of this number. The first ones are the corpus itself.</summary>
    public byte[] Make(int number)
    {
        if (number < corpus.Count)
        {
            return corpus[number];
        }

        var dice = Dice.Of(seed, number);
        List<byte> input = [.. dice.Pick(corpus)];
        for (var steps = 1 + dice.Below(MostSteps); steps > 0; steps--)
        {
            Step(input, dice);
        }

        if (input.Count > MaxLength)
        {
            input.RemoveRange(MaxLength, input.Count - MaxLength);
        }

        return [.. input];
    }

    private void Step(List<byte> input, Dice dice)
    {
        switch (dice.Below(words.Count > 0 ? 16 : 11))
        {
            case 0 or 1 when input.Count > 0:
                input[dice.Below(input.Count)] ^= (byte)(1 << dice.Below(8));
                break;
            case 2 when input.Count > 0:
                input[dice.Below(input.Count)] = (byte)dice.Next();
                break;
            case 3:
                Put(input, dice, RandomBytes(dice));
                break;
            case 4:
                Remove(input, dice);
                break;
            case 5:
                Put(input, dice, [.. Run(input, dice)]);
                break;
            case 6:
                Splice(input, dice);
                break;
            case 7:
                Put(input, dice, Integer(dice));
                break;
            case 8:
                Put(input, dice, Varint(dice));
                break;
            case 9 when input.Count > 0:
                SetLength(input, dice);
                break;
            case 10 when input.Count > 0:
                // Mostly the end alone is missing.
                var cut = dice.OnceIn(3) ? dice.Below(input.Count) : Math.Max(0, input.Count - 1 - dice.Below(8));
                input.RemoveRange(cut, input.Count - cut);
                break;
            case > 10:
                PutWord(input, dice);
                break;
        }
    }

    private static byte[] RandomBytes(Dice dice)
    {
        var bytes = new byte[1 + dice.Below(8)];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)dice.Next();
        }

        return bytes;
    }

    /// <summary>Puts bytes between others, or over them.</summary>
    private static void Put(List<byte> input, Dice dice, byte[] bytes)
    {
        var at = dice.Below(input.Count + 1);
        if (dice.OnceIn(2))
        {
            input.RemoveRange(at, Math.Min(bytes.Length, input.Count - at));
        }

        input.InsertRange(at, bytes);
    }

    private static void Remove(List<byte> input, Dice dice)
    {
        var at = dice.Below(input.Count + 1);
        input.RemoveRange(at, Math.Min(1 + dice.Below(LongestRun), input.Count - at));
    }

    private static List<byte> Run(List<byte> input, Dice dice)
    {
        var at = dice.Below(input.Count + 1);
        return input.GetRange(at, Math.Min(1 + dice.Below(LongestRun), input.Count - at));
    }

    /// <summary>The beginning of this input, and the end of another.</summary>
    private void Splice(List<byte> input, Dice dice)
    {
        var other = dice.Pick(corpus);
        var at = dice.Below(input.Count + 1);
        input.RemoveRange(at, input.Count - at);
        input.AddRange(other.AsSpan(dice.Below(other.Length + 1)));
    }

    private static byte[] Integer(Dice dice)
    {
        var bytes = new byte[sizeof(ulong)];
        var size = 1 << dice.Below(4);
        if (dice.OnceIn(2))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, dice.Pick(Integers));
            return bytes[..size];
        }

        BinaryPrimitives.WriteUInt64BigEndian(bytes, dice.Pick(Integers));
        return bytes[^size..];
    }

    /// <summary>A number at an edge as protobuf writes it: now and then with more bytes than it needs, or than any number has.</summary>
    private static byte[] Varint(Dice dice)
    {
        List<byte> bytes = [];
        var value = dice.Pick(Integers);
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        bytes.Add((byte)value);
        for (var more = dice.OnceIn(3) ? 1 + dice.Below(10) : 0; more > 0; more--)
        {
            bytes[^1] |= 0x80;
            bytes.Add(0);
        }

        return [.. bytes];
    }

    /// <summary>Makes one byte the length of what follows it, or nearly.</summary>
    private static void SetLength(List<byte> input, Dice dice)
    {
        var at = dice.Below(input.Count);
        input[at] = (byte)Math.Clamp(input.Count - at - 1 + dice.Below(5) - 2, 0, 0x7F);
    }

    /// <summary>Puts a word of the format in, mostly over the word that stands there.</summary>
    private void PutWord(List<byte> input, Dice dice)
    {
        var at = dice.Below(input.Count + 1);
        if (!dice.OnceIn(4))
        {
            var (begin, end) = (at, at);
            for (; begin > 0 && IsOfWord(input[begin - 1]); begin--)
            {
            }

            for (; end < input.Count && IsOfWord(input[end]); end++)
            {
            }

            input.RemoveRange(begin, end - begin);
            at = begin;
        }

        input.InsertRange(at, dice.Pick(words));
    }

    private static bool IsOfWord(byte value) => value > ' ' && value is not ((byte)'"' or (byte)',' or (byte)'{' or (byte)'}' or (byte)'[' or (byte)']');
}
