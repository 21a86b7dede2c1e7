using System.Globalization;
using System.Text;
using Google.Protobuf;

namespace Gateway.Notify.Protocol;

/// <summary>Reads a plain client's first message, of which nothing is known but where its session id stands.</summary>
/// <param name="path">The numbers of the fields on the way to the session id.</param>
internal sealed class FirstMessage(int[] path)
{
    private const int MaxDepth = 8;
    private const int MaxNumber = (1 << 29) - 1;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a path as <c>2</c> or <c>1.3</c>; null for anything else.</summary>
    public static int[]? ParsePath(string text)
    {
        string[] steps = text.Split('.');
        int[] numbers = [.. steps.Select(step => int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0)];
        return numbers.Length <= MaxDepth && numbers.All(number => number is > 0 and <= MaxNumber) ? numbers : null;
    }

    /// <summary>The session id, which may be empty; null for a message that cannot be read. Of several the last counts, as in every parser.</summary>
    public string? ReadSessionId(ReadOnlyMemory<byte> message)
    {
        try
        {
            return Read(new CodedInputStream(message.ToArray()), 0, "");
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or DecoderFallbackException)
        {
            return null;
        }
    }

    private string Read(CodedInputStream input, int depth, string found)
    {
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            if (WireFormat.GetTagFieldNumber(tag) != path[depth] || WireFormat.GetTagWireType(tag) != WireFormat.WireType.LengthDelimited)
            {
                input.SkipLastField();
                continue;
            }

            var value = input.ReadBytes();
            found = depth + 1 == path.Length ? Utf8.GetString(value.Span) : Read(value.CreateCodedInput(), depth + 1, found);
        }

        return found;
    }
}
