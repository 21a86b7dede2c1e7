using dotnet_etcd;
using Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;

namespace ChatDemo.Hosting;

/// <summary>
/// Announces the six services in etcd, as <c>/service/NAME/INSTANCE</c> = <c>host:port</c> on one lease, and keeps
/// the lease alive. When the process dies the lease runs out and the keys go with it.
/// </summary>
internal sealed class EtcdRegistration : IAsyncDisposable
{
    private const int LeaseSeconds = 10;

    private static readonly string[] ServiceNames =
    [
        "user_service", "friend_service", "message_transmit_service", "message_store_service", "file_service", "speech_service",
    ];

    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly string _url;
    private readonly string _address;
    private readonly string _instance = $"chat-demo-{Environment.ProcessId}";
    private readonly EtcdClient _client;
    private readonly CancellationTokenSource _stop = new();
    private long _leaseId;
    private Task _keepAlive = Task.CompletedTask;

    private EtcdRegistration(string url, Uri services)
    {
        _url = url;
        _address = services.Authority;
        _client = new EtcdClient(url, configureChannelOptions: channel => channel.Credentials =
            url.StartsWith("https", StringComparison.Ordinal) ? ChannelCredentials.SecureSsl : ChannelCredentials.Insecure);
    }

    /// <summary>Returns once all keys are written, so that a gateway started next finds them.</summary>
    public static async Task<EtcdRegistration> StartAsync(string url, Uri services)
    {
        var registration = new EtcdRegistration(url, services);
        try
        {
            await registration.RegisterAsync();
        }
        catch (Exception e) when (IsNoAnswer(e))
        {
            await registration.DisposeAsync();
            throw new StartException($"etcd at {url} does not answer; start it or leave out --etcd.", e);
        }

        registration._keepAlive = registration.KeepRegisteredAsync();
        return registration;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _keepAlive;
        if (_leaseId != 0)
        {
            await RevokeAsync();
        }

        _client.Dispose();
        _stop.Dispose();
    }

    private async Task RegisterAsync()
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        timeout.CancelAfter(CallTimeout);
        var lease = await _client.LeaseGrantAsync(new LeaseGrantRequest { TTL = LeaseSeconds }, cancellationToken: timeout.Token);
        _leaseId = lease.ID;
        foreach (var name in ServiceNames)
        {
            var entry = new PutRequest
            {
                Key = ByteString.CopyFromUtf8($"/service/{name}/{_instance}"),
                Value = ByteString.CopyFromUtf8(_address),
                Lease = _leaseId,
            };
            await _client.PutAsync(entry, cancellationToken: timeout.Token);
        }
    }

    /// <summary>
    /// Keeping alive returns without a word when etcd has dropped the lease, and throws when the connection breaks.
    /// Either way the answer is a new lease and the keys once more.
    /// </summary>
    private async Task KeepRegisteredAsync()
    {
        var registered = true;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                if (!registered)
                {
                    await RegisterAsync();
                    Console.WriteLine("Registered in etcd again.");
                    registered = true;
                }

                await _client.LeaseKeepAlive(_leaseId, _stop.Token);
            }
            catch (Exception e) when (IsNoAnswer(e))
            {
                // Handled below like a lease that is gone.
            }

            if (!_stop.IsCancellationRequested)
            {
                if (registered)
                {
                    Console.WriteLine($"The lease in etcd at {_url} is lost; registering again.");
                }

                registered = false;
                await Task.Delay(RetryDelay, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>So that the gateway hears at once. If it fails, the lease runs out by itself.</summary>
    private async Task RevokeAsync()
    {
        using var timeout = new CancellationTokenSource(CallTimeout);
        try
        {
            await _client.LeaseRevokeAsync(new LeaseRevokeRequest { ID = _leaseId }, cancellationToken: timeout.Token);
        }
        catch (Exception e) when (IsNoAnswer(e))
        {
        }
    }

    /// <summary>The client reports a time-out as a cancelled operation, not as a failed call.</summary>
    private static bool IsNoAnswer(Exception e) => e is RpcException or OperationCanceledException;
}
