using Google.Protobuf;

namespace Gateway.Tests.Transforms.Identity;

/// <summary>One top-level field of a request, as bytes.</summary>
/// <param name="Bytes">Tag and value.</param>
/// <param name="IsUserId">It bears the number of user_id, whatever its wire type.</param>
/// <param name="IsExtra">It was put in beside what the message had.</param>
internal sealed record Piece(byte[] Bytes, bool IsUserId, bool IsExtra)
{
    public override string ToString() => (IsExtra ? "+" : "") + Convert.ToHexString(Bytes);

    /// <summary>Takes a message apart with Google's reader, so that our own is judged by another.</summary>
    public static List<Piece> Of(IMessage message)
    {
        var bytes = message.ToByteArray();
        var userId = message.Descriptor.FindFieldByName("user_id").FieldNumber;
        using var input = new CodedInputStream(bytes);
        List<Piece> pieces = [];
        while (!input.IsAtEnd)
        {
            var start = (int)input.Position;
            var tag = input.ReadTag();
            input.SkipLastField();
            pieces.Add(new Piece(bytes[start..(int)input.Position], WireFormat.GetTagFieldNumber(tag) == userId, IsExtra: false));
        }

        return pieces;
    }
}
