using Etcdserverpb;
using Google.Protobuf;
using Grpc.Net.Client;

namespace Gateway.Chaos.Parts;

/// <summary>An etcd of one member. Gateways reach it through a relay, the run itself directly.</summary>
internal sealed class EtcdStore : IDisposable
{
    private readonly string _data;
    private readonly string _backup;
    private readonly string _address;
    private readonly Child _process;
    private readonly Relay _relay;

    public EtcdStore(string folder)
    {
        _data = Path.Combine(folder, "etcd");
        _backup = Path.Combine(folder, "etcd-backup");
        var port = LoopbackPort.Free();
        _address = $"http://127.0.0.1:{port}";
        _relay = new Relay(port);
        var peer = $"http://127.0.0.1:{LoopbackPort.Free()}";
        _process = new Child(
            folder, "etcd", "--name", "chaos", "--data-dir", _data, "--listen-client-urls", _address, "--advertise-client-urls", _address,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", $"chaos={peer}",
            "--logger", "zap", "--log-level", "error");
    }

    /// <summary>Where gateways find it.</summary>
    public string Endpoint => $"http://127.0.0.1:{_relay.Port}";

    public async Task StartAsync()
    {
        _process.Start();
        _relay.Listen();
        await Eventually.TrueAsync(
            async () =>
            {
                await AskAsync(keys => keys.RangeAsync(new RangeRequest { Key = ByteString.CopyFromUtf8("/ready") }, deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(1)));
                return true;
            },
            "etcd answers");
    }

    public Task KillAsync()
    {
        CutOff();
        return _process.KillAsync();
    }

    /// <summary>Gateways cannot reach it until it is started anew; the run can.</summary>
    public void CutOff() => _relay.Refuse();

    /// <summary>Takes its data away. Only while it is dead.</summary>
    public void Wipe() => Directory.Delete(_data, recursive: true);

    /// <summary>Stops it for a moment and copies its data.</summary>
    public async Task BackUpAsync()
    {
        CutOff();
        await _process.StopAsync();
        Folders.Copy(_data, _backup);
        await StartAsync();
    }

    /// <summary>Gives it the data of the backup. Only while it is dead.</summary>
    public void Restore()
    {
        Wipe();
        Folders.Copy(_backup, _data);
    }

    public Task PutAsync(string key, string value) =>
        AskAsync(keys => keys.PutAsync(new PutRequest { Key = ByteString.CopyFromUtf8(key), Value = ByteString.CopyFromUtf8(value) }));

    public Task DeleteAsync(string key) => AskAsync(keys => keys.DeleteRangeAsync(new DeleteRangeRequest { Key = ByteString.CopyFromUtf8(key) }));

    /// <summary>Forgets all history: nobody can go on from what he saw last.</summary>
    public async Task CompactAsync()
    {
        var now = await AskAsync(keys => keys.RangeAsync(new RangeRequest { Key = ByteString.CopyFromUtf8("/ready") }));
        await AskAsync(keys => keys.CompactAsync(new CompactionRequest { Revision = now.Header.Revision, Physical = true }));
    }

    public void Dispose()
    {
        _relay.Dispose();
        _process.Dispose();
    }

    private async Task<T> AskAsync<T>(Func<KV.KVClient, Grpc.Core.AsyncUnaryCall<T>> ask)
    {
        using var channel = GrpcChannel.ForAddress(_address);
        return await ask(new KV.KVClient(channel));
    }
}
