using Gateway.Chaos.Load;
using Gateway.Chaos.Parts;

namespace Gateway.Chaos.Soak;

/// <summary>All kinds of clients at once: calls, calls that are refused, uploads, and sockets that come and go.</summary>
internal sealed class SoakLoad : IAsyncDisposable
{
    /// <summary>How many users there must be.</summary>
    public const int Users = SteadyLoad.Clients + Load.Uploads.Clients + Load.Sockets.Users;

    private readonly Caller[] _callers;
    private readonly Sockets _sockets;
    private readonly SteadyLoad _calls;
    private readonly Clients[] _others;

    public SoakLoad(IReadOnlyList<GatewayNode> gateways)
    {
        Uri[] addresses = [.. gateways.Select(gateway => gateway.Http)];
        _callers = [.. addresses.Select(address => new Caller(address))];
        _sockets = new Sockets(addresses, _callers, SteadyLoad.Clients + Load.Uploads.Clients);
        _calls = new SteadyLoad(addresses);
        Refused = new Clients(RefusedCalls.Clients, TimeSpan.FromMilliseconds(50), new RefusedCalls(_callers).CallAsync);
        Uploads = new Clients(Load.Uploads.Clients, TimeSpan.FromMilliseconds(500), new Uploads(_callers, SteadyLoad.Clients).UploadAsync);
        Sockets = new Clients(Load.Sockets.Clients, TimeSpan.FromMilliseconds(100), _sockets.VisitAsync);
        _others = [Refused, Uploads, Sockets];
    }

    public Clients Refused { get; }

    public Clients Uploads { get; }

    public Clients Sockets { get; }

    /// <summary>How many sockets are open at a gateway now.</summary>
    public int OpenAt(int node) => _sockets.OpenAt(node);

    /// <summary>All that was done and has ended until now.</summary>
    public SoakCount Count()
    {
        var calls = _calls.Sent(TimeSpan.Zero, TimeSpan.MaxValue);
        var failures = calls.Where(call => call.IsFailed).GroupBy(call => call.Code!).Select(group => (group.Key, Count: group.Count()))
            .Concat(_others.SelectMany(clients => clients.Failures.Select(failure => (failure.Key, Count: failure.Value))))
            .ToArray();
        return new SoakCount(
            calls.Count, failures.Sum(failure => failure.Count), calls.Count(call => call.IsWrong) + _others.Sum(clients => clients.Wrong),
            string.Join(", ", failures.Select(failure => $"{failure.Count} {failure.Key}")));
    }

    public async ValueTask DisposeAsync()
    {
        await _calls.DisposeAsync();
        foreach (var clients in _others)
        {
            await clients.DisposeAsync();
        }

        foreach (var caller in _callers)
        {
            caller.Dispose();
        }
    }
}
