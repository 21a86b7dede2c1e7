using DnsClient;

namespace Gateway.Tests.Support;

/// <summary>A real DNS server, dnsmasq, for names that end in <c>.test</c>. It refuses questions for others.</summary>
internal sealed class DnsProcess() : ServerProcess("/usr/sbin/dnsmasq", "dnsmasq-base")
{
    private string[] _records = [];

    public int Port { get; } = LoopbackPort.Free();

    public string Server => $"127.0.0.1:{Port}";

    protected override IEnumerable<string> Arguments =>
    [
        "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--user=root", "--no-resolv", "--no-hosts", "--no-poll",
        "--listen-address=127.0.0.1", "--bind-interfaces", $"--port={Port}",
        // Longer answers are cut, and whoever wants them whole has to ask by TCP.
        "--edns-packet-max=512",
        "--local=/test/", "--host-record=alive.test,127.0.0.1",
        .. _records,
    ];

    /// <summary>Starts one that knows these records.</summary>
    public static Task<DnsProcess> CreateAsync(params string[] records) => StartedAsync(new DnsProcess { _records = records });

    /// <summary>A record for an address of each family, or of one.</summary>
    public static string Host(string name, params string[] addresses) => $"--host-record={name},{string.Join(',', addresses)}";

    public static string Service(string name, string target, int port, int priority = 1) => $"--srv-host={name},{target},{port},{priority}";

    /// <summary>Has it forget all records, and know these. It is away for a moment.</summary>
    public async Task ReplaceAsync(params string[] records)
    {
        _records = records;
        await RestartAsync();
    }

    protected override async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        var client = new LookupClient(new LookupClientOptions(new NameServer(System.Net.IPAddress.Loopback, Port)) { UseCache = false, Retries = 0, Timeout = TimeSpan.FromMilliseconds(200) });
        return (await client.QueryAsync("alive.test", QueryType.A, cancellationToken: cancellationToken)).Answers.Count > 0;
    }
}
