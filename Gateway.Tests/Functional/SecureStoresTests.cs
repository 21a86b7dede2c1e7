using Gateway.Protocol;
using Gateway.Proxy.Discovery;
using Gateway.Proxy.Redis;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Functional;

/// <summary>A real etcd and a real Redis that speak TLS alone, ask for the gateway's own certificate, and want a password.</summary>
[TestFixture]
[Servers]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class SecureStoresTests : IDisposable
{
    private const string Nobody = "http://127.0.0.1:1";
    private const string Password = "a password, with 'everything'";

    private readonly TestAuthority _authority = new();
    private readonly SecretFolder _secret = new();
    private readonly (string Certificate, string Key) _own;

    public SecureStoresTests()
    {
        _own = _authority.IssueFiles("gateway");
        _secret.Swap(("password", Password + "\n"));
    }

    public void Dispose()
    {
        _secret.Dispose();
        _authority.Dispose();
    }

    [Test]
    public async Task Etcd_WithCertificatesOnBothSides_IsFollowed()
    {
        await using var etcd = await EtcdProcess.CreateAsync(_authority);
        await etcd.PutAsync("/service/user_service/i1", "127.0.0.1:81");

        await using var gateway = await GatewayFixture.StartAsync(Nobody, Etcd(etcd));

        await Eventually.That(() => Instances(gateway) == 1, "the instance is known");
    }

    [Test]
    public async Task Etcd_OfAnotherAuthority_IsNotTrusted()
    {
        using var stranger = new TestAuthority();
        await using var etcd = await EtcdProcess.CreateAsync(stranger);

        await using var gateway = await GatewayFixture.StartAsync(Nobody, Etcd(etcd));

        await Eventually.That(() => gateway.Log.Named("EtcdContactLost").Count == 1, "the failure is told");
        Assert.That(gateway.Log.Named("EtcdContactLost").Single().Message, Does.Contain("SSL"));
        Assert.That(gateway.Services.GetRequiredService<ServiceRegistry>().Status.Synced, Is.False);
    }

    [Test]
    public async Task Etcd_WithAPassword_IsFollowed_AndTheGatewayRegisters()
    {
        await using var etcd = await EtcdProcess.CreateAsync();
        await etcd.PutAsync("/service/user_service/i1", "127.0.0.1:81");
        await etcd.RequirePasswordAsync("gateway", Password);

        await using var gateway = await GatewayFixture.StartAsync(Nobody, new()
        {
            ["Gateway:Etcd:Endpoints"] = etcd.Endpoint,
            ["Gateway:Etcd:User"] = "gateway",
            ["Gateway:Etcd:PasswordFile"] = _secret.PathOf("password"),
            ["Gateway:Registration:Service"] = "notify_service",
            ["Gateway:Registration:Address"] = "127.0.0.1:9001",
        });

        await Eventually.That(() => Instances(gateway) == 2, "the instance and the gateway itself are known");
        await gateway.StopAsync();
        Assert.That(gateway.Log.Named("SelfRegistrationLost"), Is.Empty);
    }

    [Test]
    public async Task Etcd_WithAWrongPassword_IsTriedUntilTheFileIsRight()
    {
        await using var etcd = await EtcdProcess.CreateAsync();
        await etcd.PutAsync("/service/user_service/i1", "127.0.0.1:81");
        await etcd.RequirePasswordAsync("gateway", Password);
        _secret.Swap(("password", "another"));
        await using var gateway = await GatewayFixture.StartAsync(Nobody, new()
        {
            ["Gateway:Etcd:Endpoints"] = etcd.Endpoint,
            ["Gateway:Etcd:User"] = "gateway",
            ["Gateway:Etcd:PasswordFile"] = _secret.PathOf("password"),
            ["Gateway:Etcd:RetryDelayMax"] = "00:00:00.200",
        });
        await Eventually.That(() => gateway.Log.Named("EtcdContactLost").Count == 1, "the failure is told");
        Assert.That(gateway.Log.Named("EtcdContactLost").Single().Message, Does.Not.Contain("another"));

        _secret.Swap(("password", Password));

        await Eventually.That(() => Instances(gateway) == 1, "the instance is known");
    }

    [Test]
    public async Task Redis_WithCertificatesOnBothSidesAndAPassword_HoldsTheSessions()
    {
        await using var redis = await RedisProcess.CreateAsync(_authority, Password);
        await using (var connection = await redis.ConnectAsync())
        {
            await connection.GetDatabase().StringSetAsync("s-alice", "alice");
        }

        await using var service = await StubSubService.StartAsync();
        service.Answer(new GetUserInfoRsp { RequestId = "r1", Success = true });
        await using var gateway = await GatewayFixture.StartAsync(service.Address, Redis(redis, _authority));

        await Eventually.That(async () =>
        {
            using var response = await gateway.PostAsync("/service/user/get_user_info", new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray());
            return GatewayFixture.ErrorCode(response).Length == 0;
        }, "the session is found");
        Assert.That(GetUserInfoReq.Parser.ParseFrom(service.LastCall.Message).UserId, Is.EqualTo("alice"));
    }

    [Test]
    public async Task Redis_OfAnotherAuthority_IsNotTrusted()
    {
        using var stranger = new TestAuthority();
        await using var redis = await RedisProcess.CreateAsync(stranger, Password);
        await using var gateway = await GatewayFixture.StartAsync(Nobody, Redis(redis, _authority));

        var connection = await gateway.Services.GetRequiredService<RedisConnection>().GetAsync().DefaultTimeout();

        Assert.That(connection.IsConnected, Is.False);
    }

    private static int Instances(GatewayFixture gateway) => gateway.Services.GetRequiredService<ServiceRegistry>().Current.InstanceCount;

    private Dictionary<string, string?> Etcd(EtcdProcess etcd) => new()
    {
        ["Gateway:Etcd:Endpoints"] = etcd.Endpoint,
        ["Gateway:Etcd:CertificateAuthorityFile"] = _authority.File,
        ["Gateway:Etcd:CertificateFile"] = _own.Certificate,
        ["Gateway:Etcd:KeyFile"] = _own.Key,
    };

    private Dictionary<string, string?> Redis(RedisProcess redis, TestAuthority authority) => new()
    {
        ["Gateway:Sessions:Store"] = "Redis",
        ["Gateway:Redis:Configuration"] = redis.Configuration,
        ["Gateway:Redis:PasswordFile"] = _secret.PathOf("password"),
        ["Gateway:Redis:CertificateAuthorityFile"] = authority.File,
        ["Gateway:Redis:CertificateFile"] = _own.Certificate,
        ["Gateway:Redis:KeyFile"] = _own.Key,
    };
}
