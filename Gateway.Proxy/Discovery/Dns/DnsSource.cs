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
        if (!DnsAddress.TryParse(service.Name, out var address, out var mistake))
        {
            throw new InvalidOperationException(mistake);
        }

        var found = address.Port is { } port
            ? await LookUpAsync(service.Name, service.Name, address.Name, port, cancellationToken)
            : await LookUpServicesAsync(service, address.Name, cancellationToken);
        service.Take(found.Instances, found.Problem);
        service.NoteContact();
        return service.NextHoldDeadline is { } hold && hold - Clock.Now < _options.Refresh
            ? hold > Clock.Now ? hold - Clock.Now : TimeSpan.FromTicks(1)
            : _options.Refresh;
    }

    protected override string? Describe(Exception exception) => exception is DnsResponseException ? Reason(exception) : null;

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

    /// <summary>The library tells of sockets in its own words, and of what they say apart.</summary>
    private static string Reason(Exception exception) =>
        exception.GetBaseException() is SocketException socket ? $"no server answers ({socket.Message.TrimEnd('.')})" : exception.Message.TrimEnd('.');

    /// <summary>A name that does not exist is mistyped more often than a service that has ended.</summary>
    private static string? ProblemOf(IDnsQueryResponse answer) => answer.Header.ResponseCode is DnsHeaderResponseCode.NotExistentDomain
        ? "the name does not exist, and is looked up as it stands, without search domains"
        : null;

    /// <summary>The addresses of a name: those of one family, or an instance with an address of each would count twice.</summary>
    private async Task<Found> LookUpAsync(string service, string key, string name, int port, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(name, QueryType.A, cancellationToken);
        var four = answer.Answers.ARecords().Select(record => record.Address).ToArray();
        IEnumerable<IPAddress> all = four.Length > 0 ? four : (await AskAsync(name, QueryType.AAAA, cancellationToken)).Answers.AaaaRecords().Select(record => record.Address);
        ServiceInstance[] found = [.. all.Where(IsOfOne).Distinct().Select(ip => new ServiceInstance(service, key, $"http://{new IPEndPoint(ip, port)}"))];
        return new Found(found, found.Length > 0 ? null : ProblemOf(answer));
    }

    /// <summary>
    /// The instances of the first priority that has any, without regard to weights: how much each gets is for the cluster's policy to say. Nothing listens
    /// on port 0.
    /// </summary>
    private async Task<Found> LookUpServicesAsync(FollowedService service, string name, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(name, QueryType.SRV, cancellationToken);
        var records = answer.Answers.SrvRecords().Where(record => record.Target.Value != "." && record.Port > 0);
        List<Found> targets = [];
        foreach (var priority in records.GroupBy(record => record.Priority).OrderBy(records => records.Key))
        {
            foreach (var some in priority.Chunk(QuestionsAtATime))
            {
                targets.AddRange(await Task.WhenAll(some.Select(record => LookUpTargetAsync(service, record.Target.Value, record.Port, cancellationToken))));
            }

            if (targets.Any(target => target.Instances.Count > 0))
            {
                break;
            }
        }

        if (targets.Count > 0 && targets.All(target => target.Failure is not null))
        {
            throw targets[0].Failure!;
        }

        return new Found(
            [.. targets.SelectMany(target => target.Instances).DistinctBy(instance => instance.Address)],
            targets.FirstOrDefault(target => target.Failure is not null)?.Problem ?? ProblemOf(answer));
    }

    /// <summary>The instances of a target that cannot be looked up stay as they were, and the others are used.</summary>
    private async Task<Found> LookUpTargetAsync(FollowedService service, string target, int port, CancellationToken cancellationToken)
    {
        var key = $"{service.Name}/{target.TrimEnd('.')}:{port}";
        try
        {
            return await LookUpAsync(service.Name, key, target, port, cancellationToken);
        }
        catch (DnsResponseException e)
        {
            return new Found([.. service.Instances.Where(instance => instance.Key == key)], $"the target '{target.TrimEnd('.')}' cannot be looked up: {Reason(e)}", e);
        }
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

    /// <param name="Instances">Where it is.</param>
    /// <param name="Problem">What is wrong; null when nothing is known against it.</param>
    /// <param name="Failure">That of the question; null when it was answered.</param>
    private sealed record Found(IReadOnlyList<ServiceInstance> Instances, string? Problem, DnsResponseException? Failure = null);
}
