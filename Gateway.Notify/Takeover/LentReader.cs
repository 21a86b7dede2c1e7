using System.IO.Pipelines;

namespace Gateway.Notify.Takeover;

/// <summary>What a client sends. HTTP can't end it for a socket that comes after.</summary>
internal sealed class LentReader(PipeReader input, ConnectionTakeover takeover) : PipeReader
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
