using System.Text;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional.Hostile;

/// <summary>
/// One gateway for all tests of a fixture, attacked over bare sockets. After each test it must serve an honest client, and must have
/// logged no error.
/// </summary>
internal abstract class HostileTest
{
    protected const string GetUserInfoPath = "/service/user/get_user_info";
    protected const string LoginPath = "/service/user/username_login";

    private int _callsBefore;

    /// <summary>The smallest call that needs a session.</summary>
    protected static byte[] Alice { get; } = new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray();

    protected StubSubService Service { get; private set; } = null!;

    protected GatewayFixture Gateway { get; private set; } = null!;

    /// <summary>Settings of all tests of a fixture.</summary>
    protected virtual Dictionary<string, string?> Settings => [];

    /// <summary>What the sub-service has been asked since the test began.</summary>
    protected IReadOnlyList<StubSubService.Call> Calls => [.. Service.Calls.Skip(_callsBefore)];

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        Service = await StubSubService.StartAsync();
        Gateway = await GatewayFixture.StartAsync(Service.Address, Settings);
        Gateway.Sessions.Set("s-alice", "alice");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await Gateway.DisposeAsync();
        await Service.DisposeAsync();
    }

    [SetUp]
    public void Remember() => _callsBefore = Service.Calls.Count;

    [TearDown]
    public async Task ServesHonestClientsAsync()
    {
        Service.OnRequest = null;
        Service.Answer(new GetUserInfoRsp { RequestId = "r1", Success = true });
        using var client = await ConnectAsync();
        await client.PostAsync(GetUserInfoPath, Alice);
        var response = await client.ReadAsync();
        Assert.That(response.Headers.GetValueOrDefault("x-gateway-error"), Is.Null, "An honest client is not served any more");
        Assert.That(GetUserInfoRsp.Parser.ParseFrom(response.Body).Success, Is.True);
        Gateway.Log.AssertNoErrors();
    }

    protected Task<RawClient> ConnectAsync() => RawClient.ConnectAsync(Gateway.Address);

    /// <summary>Sends these bytes on a connection of their own, and reads the first response.</summary>
    protected async Task<RawResponse> AskAsync(byte[] bytes)
    {
        using var client = await ConnectAsync();
        await client.SendAsync(bytes);
        return await client.ReadAsync();
    }

    /// <summary>Text as it goes over the wire, one byte for each character.</summary>
    protected static byte[] Wire(string text) => Encoding.Latin1.GetBytes(text);
}
