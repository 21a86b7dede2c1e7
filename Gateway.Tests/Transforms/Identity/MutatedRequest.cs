using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf.Reflection;

namespace Gateway.Tests.Transforms.Identity;

/// <summary>The bytes of a request after chance or an attacker has been at them.</summary>
internal sealed record MutatedRequest(MessageDescriptor Type, byte[] Bytes, string SessionUser)
{
    private delegate byte[] Mutation(byte[] bytes, Random random);

    private static readonly Mutation[] Mutations = [FlipBit, SetByte, Truncate, InsertByte, DeleteByte, Duplicate, Splice, AppendRandom];

    public static Gen<MutatedRequest> Any { get; } = Gen.Frequency(
        (9, from request in ClientRequest.Any
            from mutations in Gen.ListOf(Gen.Elements(Mutations)).Resize(3)
            from seed in Gen.Choose(0, int.MaxValue)
            let random = new Random(seed)
            select new MutatedRequest(
                request.Original.Descriptor,
                mutations.Aggregate(request.Bytes, (bytes, mutate) => mutate(bytes, random)),
                request.SessionUser)),
        (1, from type in Gen.Elements(RandomRequest.Types)
            from seed in Gen.Choose(0, int.MaxValue)
            select new MutatedRequest(type, AppendRandom([], new Random(seed)), "alice")));

    /// <summary>The same with a part left out.</summary>
    public static IEnumerable<MutatedRequest> Smaller(MutatedRequest request)
    {
        for (var length = request.Bytes.Length / 2; length > 0; length /= 2)
        {
            for (var from = 0; from + length <= request.Bytes.Length; from += length)
            {
                yield return request with { Bytes = [.. request.Bytes[..from], .. request.Bytes[(from + length)..]] };
            }
        }
    }

    public override string ToString() => $"{Type.Name} for '{SessionUser}': {Convert.ToHexString(Bytes)}";

    private static byte[] FlipBit(byte[] bytes, Random random)
    {
        byte[] result = [.. bytes];
        if (result.Length > 0)
        {
            result[random.Next(result.Length)] ^= (byte)(1 << random.Next(8));
        }

        return result;
    }

    private static byte[] SetByte(byte[] bytes, Random random)
    {
        byte[] result = [.. bytes];
        if (result.Length > 0)
        {
            result[random.Next(result.Length)] = (byte)random.Next(256);
        }

        return result;
    }

    private static byte[] Truncate(byte[] bytes, Random random) => bytes[..random.Next(bytes.Length + 1)];

    private static byte[] InsertByte(byte[] bytes, Random random)
    {
        var at = random.Next(bytes.Length + 1);
        return [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]];
    }

    private static byte[] DeleteByte(byte[] bytes, Random random)
    {
        if (bytes.Length == 0)
        {
            return bytes;
        }

        var at = random.Next(bytes.Length);
        return [.. bytes[..at], .. bytes[(at + 1)..]];
    }

    private static byte[] Duplicate(byte[] bytes, Random random)
    {
        var (from, to) = Range(bytes, random);
        return [.. bytes[..to], .. bytes[from..]];
    }

    /// <summary>A part of another request in the place of a part of this.</summary>
    private static byte[] Splice(byte[] bytes, Random random)
    {
        var other = Google.Protobuf.MessageExtensions.ToByteArray(
            RandomRequest.Make(RandomRequest.Types[random.Next(RandomRequest.Types.Length)], random));
        var (from, to) = Range(bytes, random);
        var (otherFrom, otherTo) = Range(other, random);
        return [.. bytes[..from], .. other[otherFrom..otherTo], .. bytes[to..]];
    }

    private static byte[] AppendRandom(byte[] bytes, Random random)
    {
        var tail = new byte[random.Next(1, 24)];
        random.NextBytes(tail);
        return [.. bytes, .. tail];
    }

    private static (int From, int To) Range(byte[] bytes, Random random)
    {
        var (a, b) = (random.Next(bytes.Length + 1), random.Next(bytes.Length + 1));
        return (Math.Min(a, b), Math.Max(a, b));
    }
}
