using Gateway.Proxy.Hosting;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxy.Hosting;

[TestFixture]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ConnectionEndTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly RecordingLoggerProvider _log = new();
    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _http = new();
    private readonly DefaultConnectionContext _connection = new("c1");

    public void Dispose()
    {
        _closed.Dispose();
        _log.Dispose();
    }

    [Test]
    public async Task OpenConnection_IsServedToItsEnd()
    {
        var run = Run("h2");
        _time.Advance(2 * ConnectionEnd.Grace);
        Assert.That(run.IsCompleted, Is.False);

        _http.SetResult();

        await run.DefaultTimeout();
        Assert.That(_log.Entries, Is.Empty);
    }

    [TestCase("h2", HttpProtocols.Http1AndHttp2)]
    [TestCase(null, HttpProtocols.Http2)]
    public async Task ClosedHttp2_DoesNotEnd_IsAbandonedAfterTheGrace(string? protocol, HttpProtocols protocols)
    {
        var run = Run(protocol, protocols);
        await _closed.CancelAsync();
        _time.Advance(ConnectionEnd.Grace - TimeSpan.FromTicks(1));
        Assert.That(run.IsCompleted, Is.False);

        _time.Advance(TimeSpan.FromTicks(1));

        await run.DefaultTimeout();
        Assert.That(_log.Named("ConnectionAbandoned").Single().Message, Is.EqualTo("HTTP/2 did not end with its connection c1, which is let go of."));
    }

    [Test]
    public async Task ClosedHttp2_EndsWithinTheGrace_IsNotAbandoned()
    {
        var run = Run("h2");
        await _closed.CancelAsync();

        _http.SetResult();

        await run.DefaultTimeout();
        Assert.That(_log.Entries, Is.Empty);
    }

    [TestCase("http/1.1")]
    [TestCase("")]
    [TestCase(null)]
    public async Task ClosedHttp1_DoesNotEnd_IsWaitedFor(string? protocol)
    {
        var run = Run(protocol);
        await _closed.CancelAsync();
        _time.Advance(2 * ConnectionEnd.Grace);
        Assert.That(run.IsCompleted, Is.False);

        _http.SetResult();

        await run.DefaultTimeout();
        Assert.That(_log.Entries, Is.Empty);
    }

    [Test]
    public async Task HandshakeThatFailed_IsNoFaultOfTheServer()
    {
        _connection.Features.Set<ITlsApplicationProtocolFeature>(new Disposed());
        var run = Run(null);
        await _closed.CancelAsync();

        _http.SetResult();

        await run.DefaultTimeout();
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Http_Fails_TheServerIsTold(bool closed)
    {
        var run = Run("h2");
        if (closed)
        {
            await _closed.CancelAsync();
        }

        _http.SetException(new InvalidOperationException("broken"));

        Assert.That((await Assert.ThrowsAsync<InvalidOperationException>(() => run.DefaultTimeout()))!.Message, Is.EqualTo("broken"));
    }

    private Task Run(string? protocol, HttpProtocols protocols = HttpProtocols.Http1AndHttp2)
    {
        _connection.ConnectionClosed = _closed.Token;
        if (protocol is not null)
        {
            _connection.Features.Set<ITlsApplicationProtocolFeature>(new Negotiated(protocol));
        }

        return new ConnectionEnd(_time, _log.CreateLogger<ConnectionEnd>()).RunAsync(_ => _http.Task, _connection, protocols);
    }

    /// <summary>As what a connection knows of TLS is, once the handshake has failed.</summary>
    private sealed class Disposed : ITlsApplicationProtocolFeature
    {
        public ReadOnlyMemory<byte> ApplicationProtocol => throw new ObjectDisposedException(nameof(System.Net.Security.SslStream));
    }

    private sealed class Negotiated(string protocol) : ITlsApplicationProtocolFeature
    {
        public ReadOnlyMemory<byte> ApplicationProtocol { get; } = System.Text.Encoding.ASCII.GetBytes(protocol);
    }
}
