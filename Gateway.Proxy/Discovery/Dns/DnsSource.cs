using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using DnsClient;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Discovery.Dns;

/// <summary>
/// The addresses of names, looked up again and again. Not by .NET's own class: that knows no SRV records, no servers but the system's, and cannot tell a
/// name that is gone from a server that does not answer.
/// </summary>
internal sealed class DnsSource(IOptions<DnsOptions> options, TimeProvider time, ILogger<DnsSource> logger)
    : FollowedServices("DNS", options.Value.Times, time, logger)
{
    /// <summary>So many questions go out at a time for the targets of SRV records.</summary>
    private const int QuestionsAtATime = 16;

    private readonly DnsOptions _options = options.Value;

    /// <summary>Made when the first name is looked up: it reads what the system says of servers, and follows that from then on.</summary>
    private LookupClient? _client;

    public override bool Owns(string? address) => DnsAddress.IsDns(address);

    public override bool TryParse(string address, [NotNullWhen(true)] out string? service, [NotNullWhen(false)] out string? problem)
    {
        service = DnsAddress.TryParse(address, out var parsed, out problem) ? parsed.ToString() : null;
        return service is not null;
    }

    protected override async Task<TimeSpan> FollowOnceAsync(FollowedService service, CancellationToken cancellationToken)
    {
        if (!DnsAddress.TryParse(service.Name, out var address, out var problem))
        {
            throw new InvalidOperationException(problem);
        }

        var (found, exists) = address.Port is { } port
            ? await LookUpAsync(address.Name, port, cancellationToken)
            : await LookUpServicesAsync(address.Name, cancellationToken);
        ServiceInstance[] named = [.. found.Distinct().Select(endpoint => new ServiceInstance(service.Name, service.Name, $"http://{endpoint}"))];
        // A name that does not exist is mistyped more often than a service that has ended.
        service.Take(named, named.Length > 0 || exists ? null : "the name does not exist, and is looked up as it stands, without search domains");
        service.NoteContact();
        return service.NextHoldDeadline is { } hold && hold - Clock.Now < _options.Refresh
            ? hold > Clock.Now ? hold - Clock.Now : TimeSpan.FromTicks(1)
            : _options.Refresh;
    }

    protected override string? Describe(Exception exception) => exception is DnsResponseException ? exception.Message.TrimEnd('.') : null;

    internal static LookupClientOptions OptionsOf(DnsOptions options)
    {
        NameServer[] servers = [.. options.ServerList().Select(server => DnsOptions.TryParseServer(server, out var parsed) ? new NameServer(parsed) : throw new FormatException(server))];
        // Without servers it takes those of the system; an empty list it refuses.
        var made = servers.Length > 0 ? new LookupClientOptions(servers) : new LookupClientOptions();
        // How often names are looked up is a setting.
        made.UseCache = false;
        made.Timeout = options.Timeout;
        // In their order, as the system does: the second may be there for the worst case alone, and know less.
        made.UseRandomNameServer = false;
        // A datagram may get lost; a server that is silent twice is passed over.
        made.Retries = 1;
        // An answer that is cut is asked for again by TCP.
        made.UseTcpFallback = true;
        // A name that does not exist is an answer; see below for those that are none.
        made.ThrowDnsErrors = false;
        return made;
    }

    /// <summary>Addresses that nobody can be called at, as block lists answer: the first would be the gateway's own machine.</summary>
    private static bool IsOfOne(IPAddress ip) =>
        !ip.Equals(IPAddress.Any) && !ip.Equals(IPAddress.IPv6Any) && !ip.Equals(IPAddress.Broadcast) && !ip.IsIPv6Multicast
        && (ip.AddressFamily != AddressFamily.InterNetwork || ip.GetAddressBytes()[0] is < 224 or > 239);

    private static bool Exists(IDnsQueryResponse answer) => answer.Header.ResponseCode is not DnsHeaderResponseCode.NotExistentDomain;

    /// <summary>The addresses of a name: those of one family, or an instance with an address of each would count twice; and whether there is such a name.</summary>
    private async Task<(IReadOnlyList<IPEndPoint> Found, bool Exists)> LookUpAsync(string name, int port, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(name, QueryType.A, cancellationToken);
        var four = answer.Answers.ARecords().Select(record => record.Address).ToArray();
        IEnumerable<IPAddress> all = four.Length > 0 ? four : (await AskAsync(name, QueryType.AAAA, cancellationToken)).Answers.AaaaRecords().Select(record => record.Address);
        return ([.. all.Where(IsOfOne).Select(ip => new IPEndPoint(ip, port))], Exists(answer));
    }

    /// <summary>
    /// The instances of the first priority that has any, without regard to weights: how much each gets is for the cluster's policy to say. Nothing listens
    /// on port 0.
    /// </summary>
    private async Task<(IReadOnlyList<IPEndPoint> Found, bool Exists)> LookUpServicesAsync(string name, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(name, QueryType.SRV, cancellationToken);
        var records = answer.Answers.SrvRecords().Where(record => record.Target.Value != "." && record.Port > 0);
        List<IPEndPoint> found = [];
        foreach (var priority in records.GroupBy(record => record.Priority).OrderBy(records => records.Key))
        {
            foreach (var some in priority.Chunk(QuestionsAtATime))
            {
                var targets = await Task.WhenAll(some.Select(record => LookUpAsync(record.Target.Value, record.Port, cancellationToken)));
                found.AddRange(targets.SelectMany(target => target.Found));
            }

            if (found.Count > 0)
            {
                break;
            }
        }

        return (found, Exists(answer));
    }

    /// <exception cref="DnsResponseException">No server has answered, or none knows.</exception>
    private async Task<IDnsQueryResponse> AskAsync(string name, QueryType type, CancellationToken cancellationToken)
    {
        IDnsQueryResponse answer;
        try
        {
            answer = await Client().QueryAsync(name, type, cancellationToken: cancellationToken);
        }
        catch (Exception e) when (e is not DnsResponseException && !cancellationToken.IsCancellationRequested)
        {
            // What the library throws of broken or foreign answers is its own, but for the name.
            throw new DnsResponseException(DnsResponseCode.Unassigned, $"an answer cannot be used ({e.GetType().Name})", e);
        }

        return answer.Header.ResponseCode is DnsHeaderResponseCode.NoError or DnsHeaderResponseCode.NotExistentDomain
            ? answer
            : throw new DnsResponseException((DnsResponseCode)answer.Header.ResponseCode, $"the server answers '{answer.ErrorMessage}'");
    }

    private LookupClient Client()
    {
        if (_client is { } client)
        {
            return client;
        }

        client = new LookupClient(OptionsOf(_options));
        return client.NameServers.Count > 0
            ? _client = client
            : throw new DnsResponseException(DnsResponseCode.Unassigned, $"no server is known: {DnsOptions.SectionName}:Servers is empty, and the system names none");
    }
}
