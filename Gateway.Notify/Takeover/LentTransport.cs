using System.IO.Pipelines;

namespace Gateway.Notify.Takeover;

/// <summary>A connection's two directions as HTTP has them.</summary>
internal sealed class LentTransport(IDuplexPipe transport, ConnectionTakeover takeover) : IDuplexPipe
{
    public PipeReader Input { get; } = new LentReader(transport.Input, takeover);

    public PipeWriter Output { get; } = new LentWriter(transport.Output, takeover);
}
