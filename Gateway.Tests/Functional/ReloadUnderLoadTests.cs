using Gateway.Proxy.Routing;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Functional;

/// <summary>Changes of the routes while requests come in and a socket is open: nobody notices.</summary>
[TestFixture]
[Category("Long")]
[NonParallelizable]
internal sealed class ReloadUnderLoadTests : RouteReloadTest
{
    private const int Reloads = 20;
    private const int Callers = 4;

    [Test]
    public async Task TwentyChanges_NoRequestFailsAndNoSocketIsClosed()
    {
        Settings["Gateway:Management:Token"] = "a-token-of-some-length";
        await StartAsync(watches: true);
        var reloader = Gateway.Services.GetRequiredService<RouteReloader>();
        await using var socket = await NotifyClient.JoinAsync(new Uri(Gateway.Urls[1].Replace("http:", "ws:", StringComparison.Ordinal) + "/ws"), "s-alice");
        using var end = new CancellationTokenSource();
        var callers = Enumerable.Range(0, Callers).Select(_ => CallUntilAsync(end.Token)).ToArray();

        for (var i = 1; i <= Reloads; i++)
        {
            // Each time another route beside it, another limit, and a cluster whose client has to be made anew.
            var before = Last.Revision;
            Folder.Write(Changed(i));
            var reload = await reloader.ReloadAsync(CancellationToken.None).DefaultTimeout();
            // The watch over the files may have been faster, and then it says "unchanged".
            Assert.That(reload.Errors, Is.Empty);
            Assert.That(reload.Revision, Is.Not.EqualTo(before));
        }

        await end.CancelAsync();
        var calls = await Task.WhenAll(callers).DefaultTimeout();
        Assert.That(calls, Has.All.GreaterThan(Reloads), "The load was none");
        Assert.That(socket.State, Is.EqualTo(System.Net.WebSockets.WebSocketState.Open));
        await socket.CloseAsync();
        Assert.That(socket.CloseCode, Is.EqualTo(1000), "The server did not answer the close");
    }

    private static string Changed(int number) => File(
        more: $"\"MaxRequestBodySize\": {1000 + number},",
        routes: $$""" "r{{number}}": { "ClusterId": "user", "Match": { "Path": "/r{{number}}" } }, """)
        .Replace("\"user\": {", $"\"user\": {{ \"HttpClient\": {{ \"MaxConnectionsPerServer\": {number} }},", StringComparison.Ordinal);

    /// <summary>Fails with the first call that does; returns how many there were.</summary>
    private async Task<int> CallUntilAsync(CancellationToken end)
    {
        var calls = 0;
        while (!end.IsCancellationRequested)
        {
            Assert.That(await ErrorCodeAsync(LoginPath), Is.Empty);
            calls++;
        }

        return calls;
    }
}
