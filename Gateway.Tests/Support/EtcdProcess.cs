using Etcdserverpb;
using Gateway.Chaos.Parts;
using Google.Protobuf;
using Grpc.Net.Client;

namespace Gateway.Tests.Support;

/// <summary>A real etcd of one member, and the calls with which a test plays a registering sub-service.</summary>
internal sealed class EtcdProcess(TestAuthority? authority = null) : ServerProcess("etcd", "etcd-server")
{
    private readonly int _peerPort = LoopbackPort.Free();
    private GrpcChannel? _channel;
    private int _generation;

    public int Port { get; } = LoopbackPort.Free();

    public string Endpoint => $"{(authority is null ? "http" : "https")}://127.0.0.1:{Port}";

    // A wiped etcd starts in another folder; a new token makes it another cluster.
    private string DataFolder => Path.Combine(Folder, $"data{_generation}");

    private string BackupFolder => Path.Combine(Folder, "backup");

    private string Token { get; set; } = "gateway";

    protected override IEnumerable<string> Arguments =>
    [
        "--name", "test",
        "--data-dir", DataFolder,
        "--listen-client-urls", Endpoint,
        "--advertise-client-urls", Endpoint,
        "--listen-peer-urls", $"http://127.0.0.1:{_peerPort}",
        "--initial-advertise-peer-urls", $"http://127.0.0.1:{_peerPort}",
        "--initial-cluster", $"test=http://127.0.0.1:{_peerPort}",
        "--initial-cluster-token", Token,
        "--enable-v2=false",
        "--heartbeat-interval", "20",
        "--election-timeout", "200",
        "--logger", "zap",
        "--log-level", "error",
        .. Secured(),
    ];

    private GrpcChannel Channel => _channel ?? throw new InvalidOperationException("etcd has not been started");

    public static Task<EtcdProcess> CreateAsync() => StartedAsync(new EtcdProcess());

    /// <summary>One that speaks TLS, and only with clients of the same authority.</summary>
    public static Task<EtcdProcess> CreateAsync(TestAuthority authority) => StartedAsync(new EtcdProcess(authority));

    /// <summary>Adds a user who may read and write everything, and from then on answers nobody without a password.</summary>
    public async Task RequirePasswordAsync(string user, string password)
    {
        var auth = new Auth.AuthClient(Channel);
        foreach (var (name, secret) in new[] { ("root", "root-of-the-test"), (user, password) })
        {
            await auth.UserAddAsync(new AuthUserAddRequest { Name = name, Password = secret }, cancellationToken: Limit());
            await auth.UserGrantRoleAsync(new AuthUserGrantRoleRequest { User = name, Role = "root" }, cancellationToken: Limit());
        }

        await auth.AuthEnableAsync(new AuthEnableRequest(), cancellationToken: Limit());
    }

    /// <summary>Kills etcd and starts it without its data, as the same cluster or as a new one.</summary>
    public async Task WipeAsync(bool newCluster = false)
    {
        await KillAsync();
        _generation++;
        Token = newCluster ? $"gateway-{_generation}" : Token;
        await StartAsync();
    }

    /// <summary>Stops etcd for a moment and copies its data, for <see cref="RestoreAsync"/>.</summary>
    public async Task BackUpAsync()
    {
        await StopAsync();
        Folders.Copy(DataFolder, BackupFolder);
        await StartAsync();
    }

    /// <summary>Kills etcd and starts it with the data of <see cref="BackUpAsync"/>: what came later is forgotten, and its revision goes back.</summary>
    public async Task RestoreAsync()
    {
        await KillAsync();
        _generation++;
        Folders.Copy(BackupFolder, DataFolder);
        await StartAsync();
    }

    public async Task PutAsync(string key, string value, long lease = 0) => await PutAsync(key, ByteString.CopyFromUtf8(value), lease);

    public async Task<long> PutAsync(string key, ByteString value, long lease = 0)
    {
        var request = new PutRequest { Key = ByteString.CopyFromUtf8(key), Value = value, Lease = lease };
        return (await new KV.KVClient(Channel).PutAsync(request, cancellationToken: Limit())).Header.Revision;
    }

    public async Task<long> DeleteAsync(string key)
    {
        var request = new DeleteRangeRequest { Key = ByteString.CopyFromUtf8(key) };
        return (await new KV.KVClient(Channel).DeleteRangeAsync(request, cancellationToken: Limit())).Header.Revision;
    }

    /// <summary>How many keys there are below a prefix that ends with a slash.</summary>
    public async Task<long> CountAsync(string prefix)
    {
        var request = new RangeRequest { Key = ByteString.CopyFromUtf8(prefix), RangeEnd = ByteString.CopyFromUtf8(prefix[..^1] + '0'), CountOnly = true };
        return (await new KV.KVClient(Channel).RangeAsync(request, cancellationToken: Limit())).Count;
    }

    public async Task<long> GrantLeaseAsync(TimeSpan timeToLive)
    {
        var request = new LeaseGrantRequest { TTL = (long)timeToLive.TotalSeconds };
        return (await new Lease.LeaseClient(Channel).LeaseGrantAsync(request, cancellationToken: Limit())).ID;
    }

    public async Task RevokeLeaseAsync(long lease) =>
        await new Lease.LeaseClient(Channel).LeaseRevokeAsync(new LeaseRevokeRequest { ID = lease }, cancellationToken: Limit());

    /// <summary>Forgets all history before <paramref name="revision"/>.</summary>
    public async Task CompactAsync(long revision) =>
        await new KV.KVClient(Channel).CompactAsync(new CompactionRequest { Revision = revision, Physical = true }, cancellationToken: Limit());

    protected override async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        // A fresh channel, because one that met the dead server pauses before it tries again.
        _channel?.Dispose();
        _channel = GrpcChannel.ForAddress(Endpoint, new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler { UseProxy = false, SslOptions = authority?.ClientOptions() ?? new() },
            DisposeHttpClient = true,
        });
        var request = new RangeRequest { Key = ByteString.CopyFromUtf8("/ready") };
        await new KV.KVClient(_channel).RangeAsync(request, cancellationToken: cancellationToken);
        return true;
    }

    private IEnumerable<string> Secured()
    {
        if (authority is null)
        {
            return [];
        }

        var (certificate, key) = authority.IssueFiles("etcd");
        return ["--cert-file", certificate, "--key-file", key, "--trusted-ca-file", authority.File, "--client-cert-auth"];
    }

    private static CancellationToken Limit() => new CancellationTokenSource(TimeSpan.FromSeconds(10)).Token;
}
