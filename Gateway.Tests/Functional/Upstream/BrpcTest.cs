using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional.Upstream;

/// <summary>One sub-service that speaks baidu_std with one gateway before it, new for each test, and Alice logged in.</summary>
internal abstract class BrpcTest
{
    protected const string ReadPath = "/service/user/get_user_info";

    /// <summary>A route that changes something.</summary>
    protected const string WritePath = "/service/user/set_nickname";

    protected const string DownloadPath = "/service/file/get_single_file";
    protected const string UploadPath = "/service/file/put_single_file";

    private static readonly string[] Clusters = ["user", "friend", "file", "message-transmit"];

    protected BrpcSubService Service { get; private set; } = null!;

    protected GatewayFixture Gateway { get; private set; } = null!;

    /// <summary>The smallest call that needs a session.</summary>
    protected static GetUserInfoReq Alice => new() { RequestId = "r1", SessionId = "s-alice" };

    /// <summary>Settings of all tests of a fixture.</summary>
    protected virtual Dictionary<string, string?> Settings => [];

    [SetUp]
    public async Task StartAsync()
    {
        Service = new BrpcSubService();
        Gateway = await StartGatewayAsync(Settings);
    }

    [TearDown]
    public async Task StopAsync()
    {
        await Gateway.DisposeAsync();
        await Service.DisposeAsync();
    }

    protected async Task<GatewayFixture> StartGatewayAsync(Dictionary<string, string?> settings)
    {
        foreach (var cluster in Clusters)
        {
            settings.TryAdd($"ReverseProxy:Clusters:{cluster}:Metadata:Protocol", "brpc");
        }

        var gateway = await GatewayFixture.StartAsync(Service.Address, settings);
        gateway.Sessions.Set("s-alice", "alice");
        return gateway;
    }

    /// <summary>What the client is told; empty when all is well.</summary>
    protected Task<string> CodeAsync(string path = WritePath) => CodeAsync(Gateway, path);

    protected static async Task<string> CodeAsync(GatewayFixture gateway, string path)
    {
        using var response = await gateway.PostAsync(path, Alice.ToByteArray()).DefaultTimeout();
        return GatewayFixture.ErrorCode(response);
    }

    protected async Task<byte[]> DownloadAsync()
    {
        using var response = await Gateway.PostAsync(DownloadPath, new GetSingleFileReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray()).DefaultTimeout();
        return await response.Content.ReadAsByteArrayAsync();
    }

    /// <summary>Why the only call that failed did so, as it is logged.</summary>
    protected string Failure() => Gateway.Log.Named("CallFailed").Single().Message;

    protected static byte[] FileOf(int size)
    {
        var content = new byte[size];
        new Random(size).NextBytes(content);
        return new GetSingleFileRsp { RequestId = "r1", Success = true, FileData = new FileDownloadData { FileContent = UnsafeByteOperations.UnsafeWrap(content) } }.ToByteArray();
    }
}
