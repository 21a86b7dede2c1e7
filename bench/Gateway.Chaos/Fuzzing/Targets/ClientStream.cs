using System.Collections.Concurrent;

namespace Gateway.Chaos.Fuzzing.Targets;

/// <summary>The connection of a client that has sent all it has to say, and keeps what it is sent, frame by frame.</summary>
internal sealed class ClientStream(PieceStream said) : Stream
{
    public ConcurrentQueue<byte[]> Sent { get; } = new();

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => said.ReadAsync(buffer, cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Sent.Enqueue(buffer.ToArray());
        return default;
    }

    public override void Write(byte[] buffer, int offset, int count) => Sent.Enqueue(buffer[offset..(offset + count)]);

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
