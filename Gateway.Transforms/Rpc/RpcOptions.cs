namespace Gateway.Transforms.Rpc;

/// <summary>Defaults and bounds of the calls to sub-services: section <c>Gateway:Rpc</c>.</summary>
public sealed class RpcOptions
{
    public const string SectionName = "Gateway:Rpc";

    /// <summary>
    /// How long a call may take on a route that sets no <c>Timeout</c>, from the first byte of the request to the last of the answer.
    /// The sub-service is told what is left of it as grpc-timeout. Default 10 seconds; 10 milliseconds to 1 hour.
    /// </summary>
    public TimeSpan DefaultTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The largest request body on a route that sets no <c>MaxRequestBodySize</c>, in bytes. Default 4 MiB; 1 KiB to 1 GiB.</summary>
    public long DefaultMaxRequestBodySize { get; set; } = 4 << 20;

    /// <summary>
    /// The largest answer that has to be held in memory: one that makes events, or a compressed one. Others pass through as they
    /// come and have no limit. In bytes. Default 72 MiB; 64 KiB to 1 GiB.
    /// </summary>
    public int MaxBufferedAnswer { get; set; } = 72 << 20;

    /// <summary>
    /// A request that is answered before all of it has come is read on and thrown away, so that its sender gets to read the answer instead of
    /// a broken connection: so much more than the route allows. In bytes. Default 64 MiB; 0 to 1 GiB.
    /// </summary>
    public long MaxDiscardedRequest { get; set; } = 64 << 20;

    /// <summary>For how long such a request is read on. Default 1 minute; 0 to 10 minutes.</summary>
    public TimeSpan MaxDiscardTime { get; set; } = TimeSpan.FromMinutes(1);
}
