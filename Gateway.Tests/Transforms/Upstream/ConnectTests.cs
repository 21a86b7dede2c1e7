using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Gateway.Tests.Support;
using Gateway.Transforms.Upstream;
using Gateway.Transforms.Upstream.Http2;
using Gateway.Transforms.Verdicts;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Tests.Transforms.Upstream;

/// <summary>How connections come to be, and what is said when they do not.</summary>
[TestFixture]
internal sealed class ConnectTests : UpstreamTest
{
    [Test]
    public async Task Port_Refused_PausesLongerEachTime_AndRecovers()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        var sut = new GrpcInstance(new Uri($"http://127.0.0.1:{port}"), Settings, Dialer, Time);

        // Three fail at once, and then nobody tries for 10 ms, 20 ms and so on.
        for (var failed = 1; failed <= 6; failed++)
        {
            var failure = await FailureOf(sut.CallAsync(RequestOf([]), CancellationToken.None).AsTask());
            Assert.That((failure.Verdict.Reach, failure.IsReplayable, sut.Pool.FailedConnects), Is.EqualTo((Reach.NotSent, false, (long)failed)));
            if (failed >= 3)
            {
                await FailureOf(sut.CallAsync(RequestOf([]), CancellationToken.None).AsTask());
                Assert.That(sut.Pool.FailedConnects, Is.EqualTo(failed), "A try within the pause");
                Time.Advance(TimeSpan.FromMilliseconds(10 << (failed - 3)));
            }
        }

        await using var back = await StubSubService.StartAsync(port: port);
        await ReadAsync(await sut.CallAsync(RequestOf([]), CancellationToken.None).DefaultTimeout());
        sut.Pool.Retire();
    }

    [Test]
    public async Task Peer_Silent_IsGivenUpAfterTwoSeconds()
    {
        var gate = Gate();
        Service.OnConnected = _ => gate.Task;
        var call = CallAsync();
        await Eventually.That(() => Service.Connections == 1);

        Time.Advance(UpstreamPool.ConnectTimeout);

        Assert.That((await FailureOf(call)).Message, Does.Contain("within 2 s"));
        gate.SetResult();
        await AssertNoneIsLeftAsync();
    }

    [Test]
    public async Task Peer_SpeaksHttp1_IsToldOf()
    {
        Service.OnConnected = connection => connection.SendAsync("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"u8.ToArray());

        Assert.That((await FailureOf(CallAsync())).Message, Does.Contain("\"Protocol\": \"http\""));
        await AssertNoneIsLeftAsync();
    }

    [Test]
    public async Task Tls_WithHttp2_IsSpoken()
    {
        using var authority = new TestAuthority();
        var (certificate, key) = authority.Issue("sub");
        using var pem = X509Certificate2.CreateFromPem(certificate, key);
        using var loaded = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pfx), null);
        await using var service = await StubSubService.StartAsync(certificate: loaded);
        var sut = new GrpcInstance(new Uri(service.Address), Settings with { TrustsAnyCertificate = true }, Dialer, Time);

        await ReadAsync(await sut.CallAsync(RequestOf(BytesOf(200_000)), CancellationToken.None).DefaultTimeout());
        Assert.That(service.LastCall.Message.Length, Is.EqualTo(200_000));
        sut.Pool.Retire();

        var strict = new GrpcInstance(new Uri(service.Address), Settings, Dialer, Time);
        Assert.That((await FailureOf(strict.CallAsync(RequestOf([]), CancellationToken.None).AsTask())).Verdict.Reach, Is.EqualTo(Reach.NotSent));
    }

    [Test]
    public async Task Tls_WithoutHttp2_IsToldOf()
    {
        using var authority = new TestAuthority();
        var (certificate, key) = authority.Issue("sub");
        using var pem = X509Certificate2.CreateFromPem(certificate, key);
        using var loaded = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pfx), null);
        await using var service = await StubSubService.StartAsync(HttpProtocols.Http1, certificate: loaded);
        var sut = new GrpcInstance(new Uri(service.Address), Settings with { TrustsAnyCertificate = true }, Dialer, Time);

        var failure = await FailureOf(sut.CallAsync(RequestOf([]), CancellationToken.None).AsTask());

        Assert.That(failure.Verdict.Reach, Is.EqualTo(Reach.NotSent));
        Assert.That(failure.Message, Is.Not.Empty);
    }
}
