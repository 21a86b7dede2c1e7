using FsCheck;
using FsCheck.Fluent;
using Gateway.Tests.Transforms.Wire;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Gateway.Tests.Transforms.Identity;

/// <summary>A well-formed request as a client might send it, honest or not: a message, and any number of fields put in between.</summary>
internal sealed record ClientRequest(IMessage Original, IReadOnlyList<Piece> Pieces, string SessionUser)
{
    private const int LastFieldNumber = 536_870_911;
    private const int LongestTag = 5;

    private static readonly Gen<string> Texts = Gen.OneOf(
        Gen.Constant(""), Gen.Elements("alice", "mallory", "用户1", new string('u', 127), new string('u', 128), new string('长', 100)),
        from number in Gen.Choose(0, int.MaxValue) select "u" + number);

    public static Gen<ClientRequest> Any { get; } =
        from type in Gen.Elements(RandomRequest.Types)
        from seed in Gen.Choose(0, int.MaxValue)
        let original = RandomRequest.Make(type, new Random(seed))
        from extras in Gen.ArrayOf(Gen.Zip(Gen.Choose(0, 1000), Extra(type, original)))
        from user in Texts.Where(text => text.Length > 0)
        select new ClientRequest(original, Insert(Piece.Of(original), extras), user);

    public byte[] Bytes => Raw.Join(Pieces.Select(piece => piece.Bytes));

    /// <summary>The same with one extra field less.</summary>
    public static IEnumerable<ClientRequest> Smaller(ClientRequest request) =>
        from piece in request.Pieces
        where piece.IsExtra
        select request with { Pieces = [.. request.Pieces.Where(other => !ReferenceEquals(other, piece))] };

    public override string ToString() => $"{Original.Descriptor.Name} for '{SessionUser}': {string.Join(' ', Pieces)}";

    private static Gen<Piece> Extra(MessageDescriptor type, IMessage original)
    {
        var userId = type.FindFieldByName("user_id").FieldNumber;
        var session = type.FindFieldByName("session_id");
        var sessionId = (string)session.Accessor.GetValue(original);
        var lengths = Gen.Choose(1, LongestTag);
        return Gen.Frequency(
            (3, from text in Texts from tag in lengths from length in lengths select new Piece(Raw.Text(userId, text, tag, length), true, true)),
            (3, from bytes in NoText(userId) select new Piece(bytes, true, true)),
            (2, from tag in lengths from length in lengths select new Piece(Raw.Text(session.FieldNumber, sessionId, tag, length), false, true)),
            (1, from bytes in NoText(session.FieldNumber) select new Piece(bytes, false, true)),
            (3, from field in Gen.OneOf(Gen.Choose(20, 3000), Gen.Constant(LastFieldNumber))
                from bytes in Gen.OneOf(NoText(field), from text in Texts select Raw.Text(field, text))
                select new Piece(bytes, false, true)));
    }

    /// <summary>A field of another wire type than text.</summary>
    private static Gen<byte[]> NoText(int field) =>
        from value in Gen.Choose(int.MinValue, int.MaxValue)
        from tag in Gen.Choose(1, LongestTag)
        from size in Gen.Choose(1, 10)
        from bytes in Gen.Elements(
            Raw.Integer(field, (ulong)value, tag, size), Raw.Bits32(field, (uint)value, tag), Raw.Bits64(field, (ulong)value << 16, tag))
        select bytes;

    private static List<Piece> Insert(List<Piece> pieces, IEnumerable<(int Position, Piece Extra)> extras)
    {
        foreach (var (position, extra) in extras)
        {
            pieces.Insert(position % (pieces.Count + 1), extra);
        }

        return pieces;
    }
}
