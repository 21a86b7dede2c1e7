using Etcdserverpb;
using Grpc.Core;

namespace Gateway.Proxy.Discovery.Etcd;

/// <summary>One open watch. It ends when etcd or the network ends it; nothing in here reconnects.</summary>
internal sealed class EtcdWatch(AsyncDuplexStreamingCall<WatchRequest, WatchResponse> call) : IDisposable
{
    /// <summary>Asks for the watch and returns etcd's first answer.</summary>
    public async Task<WatchResponse> OpenAsync(WatchCreateRequest request, CancellationToken cancellationToken)
    {
        await call.RequestStream.WriteAsync(new WatchRequest { CreateRequest = request }, cancellationToken);
        var first = await NextAsync(cancellationToken) ?? throw new IOException("etcd ended the watch before acknowledging it");
        return FindEnd(first) is { } end ? throw new IOException(end) : first;
    }

    /// <summary>The next response, or null when etcd has ended the stream.</summary>
    public async Task<WatchResponse?> NextAsync(CancellationToken cancellationToken) =>
        await call.ResponseStream.MoveNext(cancellationToken) ? call.ResponseStream.Current : null;

    /// <summary>Why no more changes will follow this response, although the stream may stay open; null when they will.</summary>
    public static string? FindEnd(WatchResponse response) => response switch
    {
        { CompactRevision: > 0 } => "the watched revision has been compacted away",
        { Canceled: true } => "etcd cancelled the watch",
        _ => null,
    };

    public void Dispose() => call.Dispose();
}
