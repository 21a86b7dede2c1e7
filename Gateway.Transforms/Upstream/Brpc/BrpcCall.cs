using Gateway.Transforms.Verdicts;

namespace Gateway.Transforms.Upstream.Brpc;

/// <summary>A call by baidu_std. What its answer says of itself is known before the bytes of the message are shown.</summary>
internal sealed class BrpcCall(BrpcConnection connection) : UpstreamCall
{
    /// <summary>The method that is called; null while this object serves no call.</summary>
    public BrpcMethod? Method { get; set; }

    /// <summary>How long the message is, in bytes.</summary>
    public int Length { get; private set; }

    /// <summary>Why there is no message; null when there is one.</summary>
    public AnswerException? Failure { get; private set; }

    /// <summary>What the sub-service has added to the answer, where that is kept.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; private set; } = [];

    public override bool IsAnswered => Length > 0 || Failure is not null;

    /// <summary>The answer has begun.</summary>
    public void BeginAnswer(in BrpcMeta meta, int length, AnswerException? failure)
    {
        Length = length;
        Failure = failure;
        if (KeepsHeaders)
        {
            Headers = meta.ReadUserFields();
        }
    }

    public override ValueTask DisposeAsync() => connection.EndAsync(this);

    protected override void Taken(long count) => connection.Taken(count);

    protected override void ResetAnswer()
    {
        Method = null;
        Length = 0;
        Failure = null;
        Headers = [];
    }
}
