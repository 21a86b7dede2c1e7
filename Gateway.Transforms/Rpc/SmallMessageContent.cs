using System.Buffers;

namespace Gateway.Transforms.Rpc;

/// <summary>A short message, copied into memory of its own: that costs less than to watch over who still uses the request's.</summary>
internal sealed class SmallMessageContent : CallContent
{
    /// <summary>Of the message, in bytes.</summary>
    public const int MaxLength = 2 << 10;

    private readonly byte[] _bytes;
    private Task? _writing;

    public SmallMessageContent(in ReadOnlySequence<byte> message, RpcProtocol protocol)
        : base(HeaderOf(protocol) + message.Length)
    {
        var header = HeaderOf(protocol);
        _bytes = new byte[header + (int)message.Length];
        if (header > 0)
        {
            GrpcFrame.WriteHeader(_bytes, (uint)message.Length);
        }

        message.CopyTo(_bytes.AsSpan(header));
    }

    protected override bool IsTaken => _writing is { IsCompletedSuccessfully: true };

    protected override Task WriteAsync(Stream stream, CancellationToken cancellationToken) =>
        _writing = stream.WriteAsync(_bytes.AsMemory(), cancellationToken).AsTask();
}
