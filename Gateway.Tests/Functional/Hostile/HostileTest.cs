using System.Text;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional.Hostile;

/// <summary>
/// One gateway for all tests of a fixture, attacked over bare sockets. After each test it must have let go of the attacker's
/// connections and calls, must serve an honest client, and must have logged no error.
/// </summary>
internal abstract class HostileTest
{
    protected const string GetUserInfoPath = "/service/user/get_user_info";
    protected const string LoginPath = "/service/user/username_login";

    private int _callsBefore;
    private int _entriesBefore;

    /// <summary>The smallest call that needs a session.</summary>
    protected static byte[] Alice { get; } = new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray();

    protected StubSubService Service { get; private set; } = null!;

    protected GatewayFixture Gateway { get; private set; } = null!;

    /// <summary>Settings of all tests of a fixture.</summary>
    protected virtual Dictionary<string, string?> Settings => [];

    /// <summary>What the sub-service has been asked since the test began.</summary>
    protected IReadOnlyList<StubSubService.Call> Calls => [.. Service.Calls.Skip(_callsBefore)];

    /// <summary>Connections of honest clients that stay open from test to test.</summary>
    protected virtual int HonestConnections => 0;

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
    public void Remember() => (_callsBefore, _entriesBefore) = (Service.Calls.Count, Gateway.Log.Entries.Count);

    [TearDown]
    public async Task ServesHonestClientsAsync()
    {
        await Eventually.That(() => OpenConnections.Of(Gateway.Urls) == HonestConnections, "no connection is left over");
        await Eventually.That(() => Service.OpenCalls == 0, "the sub-service works for nobody any more");
        Service.OnRequest = null;
        Service.Answer(new GetUserInfoRsp { RequestId = "r1", Success = true });
        await AskAsHonestClientAsync();
        Gateway.Log.AssertNoErrors(_entriesBefore);
    }

    protected virtual async Task AskAsHonestClientAsync()
    {
        using var client = await ConnectAsync();
        await client.PostAsync(GetUserInfoPath, Alice);
        var response = await client.ReadAsync();
        Assert.That(response.Headers.GetValueOrDefault("x-gateway-error"), Is.Null, "An honest client is not served any more");
        Assert.That(GetUserInfoRsp.Parser.ParseFrom(response.Body).Success, Is.True);
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

    /// <summary>A request that is the last one of its connection.</summary>
    protected static string Post(string target, byte[] body, string headers = "") =>
        $"POST {target} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\nContent-Length: {body.Length}\r\n{headers}\r\n{Encoding.Latin1.GetString(body)}";

    /// <summary>What the sub-service was asked on behalf of Alice, and nothing else.</summary>
    protected void AssertAskedForAlice()
    {
        Assert.That(Calls.Single().Path, Is.EqualTo("/bite_im.UserService/GetUserInfo"));
        Assert.That(GetUserInfoReq.Parser.ParseFrom(Calls.Single().Message).UserId, Is.EqualTo("alice"));
    }
}
