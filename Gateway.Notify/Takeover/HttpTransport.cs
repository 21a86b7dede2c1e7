using System.IO.Pipelines;

namespace Gateway.Notify.Takeover;

/// <summary>The two directions of a connection as the server's HTTP sees them, until the connection is taken over.</summary>
internal sealed record HttpTransport(PipeReader Input, PipeWriter Output) : IDuplexPipe;

/// <summary>The connection's input, handed through to HTTP. What HTTP does at its end does not end the input of a connection that has been taken over.</summary>
internal sealed class HttpReader(PipeReader input, ConnectionTakeover takeover) : PipeReader
{
    public override bool TryRead(out ReadResult result) => input.TryRead(out result);

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => input.ReadAsync(cancellationToken);

    public override void AdvanceTo(SequencePosition consumed) => input.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => input.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => input.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        if (!takeover.IsTaken)
        {
            input.Complete(exception);
        }
    }
}

/// <summary>The same of the connection's output, where that is the server's own pipe.</summary>
internal sealed class HttpWriter(PipeWriter output, ConnectionTakeover takeover) : PipeWriter
{
    public override bool CanGetUnflushedBytes => output.CanGetUnflushedBytes;

    public override long UnflushedBytes => output.UnflushedBytes;

    public override Memory<byte> GetMemory(int sizeHint = 0) => output.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => output.GetSpan(sizeHint);

    public override void Advance(int bytes) => output.Advance(bytes);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => output.FlushAsync(cancellationToken);

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) =>
        output.WriteAsync(source, cancellationToken);

    public override void CancelPendingFlush() => output.CancelPendingFlush();

    public override void Complete(Exception? exception = null)
    {
        if (!takeover.IsTaken)
        {
            output.Complete(exception);
        }
    }
}
