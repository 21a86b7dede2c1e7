using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Gateway.Tests.Support;

/// <summary>A frame of HTTP/2 as the other side sent it.</summary>
internal sealed record Http2Frame(Http2FrameType Type, int Flags, int Stream, byte[] Payload)
{
    private const int HeadLength = 9;

    /// <summary>The statuses that have a number in HPACK's static table, which begins with :status 200 at 8.</summary>
    private static readonly int[] IndexedStatuses = [200, 204, 206, 304, 400, 404, 500];

    /// <summary>The next frame; null when there is no whole head any more.</summary>
    /// <exception cref="IOException">The connection is broken, or ends within the payload.</exception>
    public static async Task<Http2Frame?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var head = new byte[HeadLength];
        if (await stream.ReadAtLeastAsync(head, HeadLength, throwOnEndOfStream: false, cancellationToken) < HeadLength)
        {
            return null;
        }

        var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
        await stream.ReadExactlyAsync(payload, cancellationToken);
        return new Http2Frame((Http2FrameType)head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)), payload);
    }

    /// <summary>The error of a RST_STREAM or GOAWAY frame.</summary>
    public Http2Error ReadError() => Type switch
    {
        Http2FrameType.RstStream => (Http2Error)BinaryPrimitives.ReadUInt32BigEndian(Payload),
        Http2FrameType.GoAway => (Http2Error)BinaryPrimitives.ReadUInt32BigEndian(Payload.AsSpan(sizeof(int))),
        _ => throw new InvalidOperationException($"{Type} frames have no error."),
    };

    /// <summary>The status that a response's HEADERS frame begins with, by number or as a literal.</summary>
    public int ReadStatus() => (Payload[0] & 0x80) != 0
        ? IndexedStatuses[(Payload[0] & 0x7F) - 8]
        : int.Parse(Encoding.ASCII.GetString(Payload, 2, 3), CultureInfo.InvariantCulture);
}
