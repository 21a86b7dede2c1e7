using Gateway.Protocol.PushV1;
using Gateway.Tests.Notify;
using Gateway.Tests.Support;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using PushClient = Gateway.Protocol.PushV1.Push.PushClient;

namespace Gateway.Tests.Functional.Push;

/// <summary>Who may push, and how much.</summary>
[TestFixture]
internal sealed class PushLimitTests : PushTest
{
    [Test]
    public async Task MoreRequestsThanTheRate_AreRefused()
    {
        await using var hub = await HubFixture.StartAsync(Settings(("Gateway:Push:MaxRate", "1")));
        var client = Client(hub.Gateway);
        var codes = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            try
            {
                await client.FindOnlineAsync(new FindOnlineRequest { UserIds = { "alice" } });
                return StatusCode.OK;
            }
            catch (RpcException refused)
            {
                return refused.StatusCode;
            }
        }));

        Assert.That(codes, Does.Contain(StatusCode.OK).And.Contain(StatusCode.ResourceExhausted));
    }

    [Test]
    public async Task OverTls_OnlyThoseWithACertificateOfTheAuthority_GetAConnection()
    {
        using var authority = new TestAuthority();
        using var stranger = new TestAuthority();
        var (certificate, key) = authority.IssueFiles("gateway");
        await using var hub = await HubFixture.StartAsync(new()
        {
            ["Gateway:Push:Port"] = "0",
            ["Gateway:Push:CertificateFile"] = certificate,
            ["Gateway:Push:KeyFile"] = key,
            ["Gateway:Push:CertificateAuthorityFile"] = authority.File,
        });
        await using var alice = await hub.JoinAsync("alice");
        var request = new PublishRequest { UserIds = { "alice" }, Message = Removed("bob").ToByteString() };

        Assert.That(async () => await PublishAsync(stranger), Throws.InstanceOf<RpcException>());
        Assert.That(async () => await PublishAsync(null), Throws.InstanceOf<RpcException>());
        await PublishAsync(authority);
        Assert.That(await alice.ReceiveAsync(), Is.EqualTo(Removed("bob")));

        async Task PublishAsync(TestAuthority? own)
        {
            using var handler = new SocketsHttpHandler
            {
                SslOptions = new()
                {
                    RemoteCertificateValidationCallback = (_, shown, _, errors) => authority.Validates(shown, errors),
                    ClientCertificates = own?.ClientOptions().ClientCertificates,
                },
            };
            using var channel = GrpcChannel.ForAddress(hub.Gateway.Urls[^2], new GrpcChannelOptions { HttpHandler = handler });
            await new PushClient(channel).PublishAsync(request).ResponseAsync.DefaultTimeout();
        }
    }
}
