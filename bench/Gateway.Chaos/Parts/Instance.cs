using System.Globalization;
using System.Net;

namespace Gateway.Chaos.Parts;

/// <summary>A stub instance as the run sees it.</summary>
internal sealed class Instance : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(1) })
    {
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = TimeSpan.FromSeconds(5),
    };

    public Instance(string folder)
    {
        var port = LoopbackPort.Free();
        Address = $"127.0.0.1:{port}";
        Process = new Child(folder, "dotnet", Path.Combine(AppContext.BaseDirectory, "Gateway.Chaos.dll"), "stub", port.ToString(CultureInfo.InvariantCulture));
    }

    public string Address { get; }

    public Child Process { get; }

    /// <summary>Starts it and waits until it answers.</summary>
    public Task StartAsync()
    {
        Process.Start();
        return Eventually.TrueAsync(async () => await MisbehaveAsync(Misbehaviour.None) >= 0, $"instance {Address} answers");
    }

    /// <summary>How many calls it has spoilt until now.</summary>
    public async Task<int> MisbehaveAsync(Misbehaviour how) =>
        int.Parse(await _client.GetStringAsync(new Uri($"http://{Address}/misbehave/{how}")), CultureInfo.InvariantCulture);

    public void Dispose()
    {
        Process.Dispose();
        _client.Dispose();
    }
}
