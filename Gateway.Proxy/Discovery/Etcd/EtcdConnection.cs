using Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Gateway.Proxy.Discovery.Etcd;

/// <summary>
/// One HTTP/2 connection to one etcd member, made anew for each attempt so that nothing half-dead is used again.
/// Every call has a deadline.
/// </summary>
/// <remarks>
/// Only the generated clients of dotnet-etcd are used. Its own watch neither notices that a server ended the stream nor
/// that the watched revision was compacted away.
/// </remarks>
internal sealed class EtcdConnection : IDisposable
{
    // A prefix of a hundred thousand instances is some 10 MB.
    private const int MaxAnswerBytes = 64 * 1024 * 1024;

    private readonly EtcdOptions _options;
    private readonly TimeProvider _time;
    private readonly GrpcChannel _channel;
    private readonly ByteString _prefix;
    private readonly ByteString _prefixEnd;
    private readonly EtcdLogin _login;

    public EtcdConnection(string endpoint, EtcdOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _prefix = ByteString.CopyFromUtf8(options.ServicePrefix);
        // The prefix ends with a slash, and '0' is the character after it: this is the first key behind the prefix.
        _prefixEnd = ByteString.CopyFromUtf8(options.ServicePrefix[..^1] + '0');
        _channel = GrpcChannel.ForAddress(endpoint, new GrpcChannelOptions
        {
            HttpHandler = CreateHandler(options),
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaxAnswerBytes,
        });
        _login = new EtcdLogin(_channel, options, time);
    }

    /// <summary>Reads everything below the prefix, as a majority of the cluster knows it now.</summary>
    public Task<RangeResponse> ReadAllAsync(CancellationToken cancellationToken) =>
        WithDeadlineAsync(
            async token => await new KV.KVClient(_channel).RangeAsync(
                new RangeRequest { Key = _prefix, RangeEnd = _prefixEnd },
                await _login.HeadersAsync(token),
                cancellationToken: token),
            cancellationToken);

    /// <summary>Watches everything below the prefix; returns once etcd has acknowledged the watch.</summary>
    public async Task<EtcdWatch> WatchAsync(long fromRevision, CancellationToken cancellationToken)
    {
        var headers = await WithDeadlineAsync(_login.HeadersAsync, cancellationToken);
        var watch = new EtcdWatch(new Watch.WatchClient(_channel).Watch(headers, cancellationToken: cancellationToken));
        try
        {
            var request = new WatchCreateRequest { Key = _prefix, RangeEnd = _prefixEnd, StartRevision = fromRevision, ProgressNotify = true };
            await WithDeadlineAsync(token => watch.OpenAsync(request, token), cancellationToken);
            return watch;
        }
        catch
        {
            watch.Dispose();
            throw;
        }
    }

    /// <summary>Writes a key that etcd removes when its lease runs out.</summary>
    /// <param name="lease">The number of the lease, chosen by the caller. It is made unless there is one of that number.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">Its value.</param>
    /// <param name="timeToLive">How long the lease lasts without <see cref="KeepAliveAsync"/>.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public Task RegisterAsync(long lease, string key, string value, TimeSpan timeToLive, CancellationToken cancellationToken) =>
        WithDeadlineAsync(
            async token =>
            {
                var headers = await _login.HeadersAsync(token);
                try
                {
                    await new Lease.LeaseClient(_channel).LeaseGrantAsync(
                        new LeaseGrantRequest { ID = lease, TTL = (long)timeToLive.TotalSeconds }, headers, cancellationToken: token);
                }
                catch (RpcException exception) when (exception.StatusCode == StatusCode.FailedPrecondition)
                {
                    // There is such a lease already, of an earlier attempt.
                }

                return await new KV.KVClient(_channel).PutAsync(
                    new PutRequest { Key = ByteString.CopyFromUtf8(key), Value = ByteString.CopyFromUtf8(value), Lease = lease },
                    headers,
                    cancellationToken: token);
            },
            cancellationToken);

    /// <summary>Gives a lease its full time again. False when it has run out.</summary>
    public Task<bool> KeepAliveAsync(long lease, CancellationToken cancellationToken) =>
        WithDeadlineAsync(
            async token =>
            {
                using var call = new Lease.LeaseClient(_channel).LeaseKeepAlive(await _login.HeadersAsync(token), cancellationToken: token);
                await call.RequestStream.WriteAsync(new LeaseKeepAliveRequest { ID = lease }, token);
                return await call.ResponseStream.MoveNext(token) && call.ResponseStream.Current.TTL > 0;
            },
            cancellationToken);

    /// <summary>Ends a lease, and with it the keys it holds.</summary>
    public Task RevokeAsync(long lease, CancellationToken cancellationToken) =>
        WithDeadlineAsync(
            async token => await new Lease.LeaseClient(_channel).LeaseRevokeAsync(
                new LeaseRevokeRequest { ID = lease }, await _login.HeadersAsync(token), cancellationToken: token),
            cancellationToken);

    public void Dispose() => _channel.Dispose();

    private static SocketsHttpHandler CreateHandler(EtcdOptions options) => new()
    {
        ConnectTimeout = options.ConnectTimeout,
        EnableMultipleHttp2Connections = true,
        // A peer that is gone without a word is noticed within 15 s. etcd allows a ping every 5 s, and only during a call.
        KeepAlivePingDelay = TimeSpan.FromSeconds(10),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(5),
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        UseProxy = false,
        SslOptions = options.Tls.Open(),
    };

    private Task<T> WithDeadlineAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        Deadline.LimitAsync(call, _options.RequestTimeout, _time, cancellationToken);
}
