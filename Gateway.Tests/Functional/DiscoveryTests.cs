using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy;

namespace Gateway.Tests.Functional;

/// <summary>Calls that follow instances through a real etcd.</summary>
[TestFixture]
[Servers]
internal sealed class DiscoveryTests
{
    private const string Path = "/service/user/get_user_info";
    private const string Key = "/service/user_service/instance-1";

    private static readonly byte[] Alice = new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray();

    private EtcdProcess _etcd = null!;
    private StubSubService _service = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _etcd = await EtcdProcess.CreateAsync();
        _service = await StubSubService.StartAsync();
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _service.DisposeAsync();
        await _etcd.DisposeAsync();
    }

    [Test]
    public async Task Instance_ComesGoesAndComesBackElsewhere_CallsFollow()
    {
        await using var gateway = await StartGatewayAsync();
        Assert.That(await CodeAsync(gateway), Is.EqualTo("no-instance"), "Nobody has registered yet");

        var lease = await _etcd.GrantLeaseAsync(TimeSpan.FromSeconds(30));
        await _etcd.PutAsync(Key, HostAndPort(_service), lease);
        await Eventually.That(async () => await CodeAsync(gateway) == "");

        await _etcd.RevokeLeaseAsync(lease);
        await Eventually.That(async () => await CodeAsync(gateway) == "no-instance");

        await using var elsewhere = await StubSubService.StartAsync();
        await _etcd.PutAsync(Key, HostAndPort(elsewhere), await _etcd.GrantLeaseAsync(TimeSpan.FromSeconds(30)));
        await Eventually.That(async () => await CodeAsync(gateway) == "");
        Assert.That(elsewhere.Calls, Is.Not.Empty);
    }

    [Test]
    public async Task Instance_MovesToAnotherPort_CallsFollow()
    {
        await _etcd.PutAsync(Key, HostAndPort(_service));
        await using var gateway = await StartGatewayAsync();
        await Eventually.That(async () => await CodeAsync(gateway) == "");

        await using var elsewhere = await StubSubService.StartAsync();
        await _etcd.PutAsync(Key, HostAndPort(elsewhere));

        await Eventually.That(async () => await CodeAsync(gateway) == "" && elsewhere.Calls.Count > 0);
    }

    [Test]
    public async Task LookUpOfUsers_FollowsTheRegistryToo()
    {
        await _etcd.PutAsync(Key, HostAndPort(_service));
        await using var gateway = await StartGatewayAsync();
        await Eventually.That(async () => await CodeAsync(gateway) == "");
        _service.AnswerByMethod(new()
        {
            ["FriendAdd"] = new FriendAddRsp { RequestId = "r1", Success = true },
            ["GetMultiUserInfo"] = new GetMultiUserInfoRsp { Success = true, UsersInfo = { ["alice"] = new UserInfo { UserId = "alice", Nickname = "Alice" } } },
        });

        await gateway.CallAsync<FriendAddRsp>("/service/friend/add_friend_apply", new FriendAddReq { RequestId = "r1", SessionId = "s-alice", RespondentId = "bob" });

        Assert.That(gateway.Published.Notifications.Single().Message.FriendAddApply.UserInfo.Nickname, Is.EqualTo("Alice"));
    }

    [Test]
    public async Task Etcd_AwayAtTheStart_IsFoundLater()
    {
        await _etcd.PutAsync(Key, HostAndPort(_service));
        await _etcd.KillAsync();
        await using var gateway = await StartGatewayAsync();
        Assert.That(await CodeAsync(gateway), Is.EqualTo("no-instance"));

        await _etcd.StartAsync();

        await Eventually.That(async () => await CodeAsync(gateway) == "");
    }

    [Test]
    public async Task Etcd_AwayAtTheStart_FixedAddressesAreServed()
    {
        await _etcd.KillAsync();
        await using var gateway = await StartGatewayAsync(_service.Address);

        Assert.That(await CodeAsync(gateway), Is.Empty);
        var report = await ReadyAsync(gateway);
        Assert.That(report, Does.Contain("\"status\":\"degraded\"").And.Contain("etcd has not been reached yet; only other addresses are used"));
    }

    [Test]
    public async Task Etcd_HoldsTenThousandInstances_AllAreSeenAndServed()
    {
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 10_000),
            new ParallelOptions { MaxDegreeOfParallelism = 64 },
            async (i, _) => await _etcd.PutAsync($"/service/crowd/{i}", $"10.0.{i / 250}.{i % 250}:80"));
        await _etcd.PutAsync(Key, HostAndPort(_service));
        await using var gateway = await StartGatewayAsync();

        await Eventually.That(async () => (await ReadyAsync(gateway)).Contains("\"instances\":10001,"));
        await Eventually.That(async () => await CodeAsync(gateway) == "");
    }

    [TestCase(Path)]
    [TestCase("/service/user/set_nickname")]
    public async Task Instance_DeadButStillRegistered_CostsNoCall(string path)
    {
        await _etcd.PutAsync("/service/user_service/dead", $"127.0.0.1:{LoopbackPort.Free()}");
        await _etcd.PutAsync(Key, HostAndPort(_service));
        await using var gateway = await StartGatewayAsync();
        await Eventually.That(() => Destinations(gateway) == 2);

        for (var call = 0; call < 20; call++)
        {
            Assert.That(await CodeAsync(gateway, path), Is.Empty);
        }

        Assert.That(_service.Calls, Has.Count.EqualTo(20));
    }

    [Test]
    public async Task Etcd_AnswersLate_CallsGoOnAndTheChangeIsFound()
    {
        await _etcd.PutAsync(Key, HostAndPort(_service));
        await using var relay = new TcpRelay(_etcd.Port);
        await using var gateway = await StartGatewayAsync(etcd: relay.Endpoint);
        await Eventually.That(async () => await CodeAsync(gateway) == "");
        await using var elsewhere = await StubSubService.StartAsync();

        relay.HoldAnswers();
        await _etcd.PutAsync(Key, HostAndPort(elsewhere));
        Assert.That(await CodeAsync(gateway), Is.Empty, "No call waits for etcd");
        Assert.That(elsewhere.Calls, Is.Empty, "The change is still on its way");
        relay.Restore();

        await Eventually.That(async () => await CodeAsync(gateway) == "" && elsewhere.Calls.Count > 0);
    }

    [Test]
    public async Task Etcd_Killed_CallsGoOn()
    {
        await _etcd.PutAsync(Key, HostAndPort(_service));
        await using var gateway = await StartGatewayAsync();
        await Eventually.That(async () => await CodeAsync(gateway) == "");

        await _etcd.KillAsync();
        await Eventually.That(() => gateway.Log.Named("EtcdContactLost").Count > 0);

        Assert.That(await CodeAsync(gateway), Is.Empty);
    }

    private async Task<GatewayFixture> StartGatewayAsync(string addresses = "etcd:///service/user_service", string? etcd = null)
    {
        var gateway = await GatewayFixture.StartAsync(addresses, new() { ["Gateway:Etcd:Endpoints"] = etcd ?? _etcd.Endpoint });
        gateway.Sessions.Set("s-alice", "alice");
        return gateway;
    }

    private static string HostAndPort(StubSubService service) => new Uri(service.Address).Authority;

    /// <summary>How many instances calls are spread over. What the registry knows reaches the routes a moment later.</summary>
    private static int Destinations(GatewayFixture gateway) =>
        gateway.Services.GetRequiredService<IProxyStateLookup>().TryGetCluster("user", out var user) ? user.DestinationsState.AllDestinations.Count : 0;

    private static async Task<string> ReadyAsync(GatewayFixture gateway)
    {
        using var response = await gateway.Client.GetAsync(new Uri(gateway.Management, "/readyz")).DefaultTimeout();
        return await response.Content.ReadAsStringAsync();
    }

    private static async Task<string> CodeAsync(GatewayFixture gateway, string path = Path)
    {
        using var response = await gateway.PostAsync(path, Alice).DefaultTimeout();
        return GatewayFixture.ErrorCode(response);
    }
}
