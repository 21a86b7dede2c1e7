using System.IO.Pipelines;

namespace Gateway.Notify.Takeover;

/// <summary>A connection's two directions as HTTP has them.</summary>
internal sealed record LentTransport(PipeReader Input, PipeWriter Output) : IDuplexPipe;
