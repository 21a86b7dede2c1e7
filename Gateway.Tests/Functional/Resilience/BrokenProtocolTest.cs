using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Functional.Resilience;

/// <summary>A sub-service that writes its own frames, new for each test, with a gateway before it.</summary>
internal abstract class BrokenProtocolTest
{
    // Not idempotent, so that the outcome is that of one attempt.
    private const string Path = "/service/user/set_nickname";

    private static readonly byte[] Alice = new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray();

    protected FrameSubService Service { get; private set; } = null!;

    protected GatewayFixture Gateway { get; private set; } = null!;

    [SetUp]
    public async Task StartAsync()
    {
        Service = new FrameSubService();
        Gateway = await StartGatewayAsync();
    }

    [TearDown]
    public async Task StopAsync()
    {
        await Gateway.DisposeAsync();
        await Service.DisposeAsync();
    }

    /// <summary>The instance behaves again: it is asked at once, and has few connections.</summary>
    protected async Task AssertServesAsync(int connections = 2)
    {
        Service.OnConnected = connection => connection.SettingsAsync();
        Service.OnRequest = (connection, stream) => connection.AnswerAsync(stream, []);
        Assert.That(await CodeAsync(Gateway), Is.Empty);
        await Eventually.That(() => Service.OpenConnections <= connections, "No connection is left behind");
    }

    protected async Task<GatewayFixture> StartGatewayAsync(bool keepsLog = true, Dictionary<string, string?>? settings = null)
    {
        var gateway = await GatewayFixture.StartAsync(
            Service.Address,
            new(settings ?? []) { ["ReverseProxy:Clusters:user:Metadata:BreakerFailurePercent"] = "0" },
            builder =>
            {
                if (!keepsLog)
                {
                    // It would be what grows.
                    builder.Logging.ClearProviders();
                }
            });
        gateway.Sessions.Set("s-alice", "alice");
        return gateway;
    }

    protected static async Task<string> CodeAsync(GatewayFixture gateway)
    {
        using var response = await gateway.PostAsync(Path, Alice).DefaultTimeout();
        Assert.That((int)response.StatusCode, Is.EqualTo(200));
        return GatewayFixture.ErrorCode(response);
    }

    protected static Task Act(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    protected static async Task RepeatAsync(int times, Func<Task> action)
    {
        for (var i = 0; i < times; i++)
        {
            await action();
        }
    }
}
