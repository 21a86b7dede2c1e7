using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Bench.Servers;

/// <summary>One of those who are compared: a server that clients call at <see cref="Port"/>.</summary>
/// <param name="Name">What the tables call it.</param>
/// <param name="WebSocketPort">Where a gateway takes sockets; null for others.</param>
/// <param name="ManagementPort">Where a gateway tells its metrics; null for others.</param>
/// <param name="KnowsPeople">True when it tells the sub-service who asks; others pass on what the client says.</param>
internal sealed record Candidate(string Name, MeasuredProcess Process, int Port, int? WebSocketPort, int? ManagementPort, bool KnowsPeople) : IDisposable
{
    public Uri Http => new($"http://127.0.0.1:{Port}");

    /// <summary>What it has allocated since its start, in bytes.</summary>
    public async Task<double> AllocatedAsync(HttpClient client)
    {
        var text = await client.GetStringAsync(new Uri($"http://127.0.0.1:{ManagementPort}/metrics"));
        var line = text.Split('\n').First(line => line.StartsWith("dotnet_gc_heap_total_allocated_bytes_total", StringComparison.Ordinal));
        return double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    /// <summary>Waits until it takes connections on all its ports, for half a minute at most.</summary>
    public async Task ListensAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!Listens(Port) || (WebSocketPort is { } sockets && !Listens(sockets)))
        {
            Process.EnsureRuns();
            await Task.Delay(5, limit.Token);
        }
    }

    /// <summary>Waits until a gateway says that it has read its instances, for half a minute at most.</summary>
    public async Task IsReadyAsync(HttpClient client)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var address = new Uri($"http://127.0.0.1:{ManagementPort}/readyz");
        while (true)
        {
            using var response = await client.GetAsync(address, limit.Token);
            if (response.IsSuccessStatusCode)
            {
                return;
            }

            await Task.Delay(5, limit.Token);
        }
    }

    public void Dispose() => Process.Dispose();

    private static bool Listens(int port)
    {
        using var probe = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
