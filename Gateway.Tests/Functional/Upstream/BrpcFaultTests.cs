using Gateway.Tests.Support;
using Gateway.Tests.Transforms.Wire;
using static Gateway.Tests.Support.BrpcSubServiceConnection;

namespace Gateway.Tests.Functional.Upstream;

/// <summary>What goes wrong in baidu_std: with a call, which is then alone in it, or with a connection.</summary>
[TestFixture]
internal sealed class BrpcFaultTests : BrpcTest
{
    private const int Others = 9;

    protected override Dictionary<string, string?> Settings => new()
    {
        ["ReverseProxy:Clusters:user:Metadata:EjectAfterFailures"] = "1000",
        ["ReverseProxy:Clusters:user:Metadata:EjectAtFailurePercent"] = "100",
    };

    [TestCase(1001, "sub-service-failed")]
    [TestCase(1008, "timed-out")]
    [TestCase(1011, "no-instance")]
    [TestCase(2001, "sub-service-failed")]
    [TestCase(2003, "no-instance")]
    [TestCase(2004, "no-instance")]
    [TestCase(-1, "sub-service-failed")]
    [TestCase(77, "sub-service-failed")]
    public async Task Error_IsAnOutcome(int code, string told)
    {
        Service.OnRequest = (connection, request) => connection.FailAsync(request.Id, code, "100% 用 [secret]");

        Assert.That(await CodeAsync(), Is.EqualTo(told));

        Assert.That(Failure(), Does.Contain($"brpc error {code}: 100% 用 [secret]"));
        Assert.That(Service.Connections, Is.EqualTo(1));
    }

    [TestCase(7_300)]
    [TestCase(1_000_000)]
    public async Task ErrorText_Long_FailsOneCallAndNoOther(int characters)
    {
        var text = new string('用', characters);

        await AssertFailsAloneAsync(id => Frame(Meta(id, 2001, text), []), $"brpc error 2001: {text[..200]}…");
    }

    [TestCase(1, "snappy")]
    [TestCase(2, "gzip")]
    [TestCase(3, "zlib")]
    [TestCase(9, "type 9")]
    public Task Answer_Compressed_IsRefusedReadably(int compression, string name) =>
        AssertFailsAloneAsync(id => Frame(Meta(id, compression: compression), [1, 2, 3]), $"the answer is compressed ({name}), which the gateway does not unpack");

    [TestCase(4)]
    [TestCase(-1)]
    public Task Answer_AttachmentLongerThanTheRest_FailsOneCallAndNoOther(int attached) =>
        AssertFailsAloneAsync(id => Frame(Meta(id, attached: attached), [1, 2, 3]), $"the answer has {attached} bytes attached to it, of 3 that it has at all");

    [Test]
    public Task Answer_MetaBroken_FailsOneCallAndNoOther() =>
        AssertFailsAloneAsync(id => Frame([.. Meta(id), 0x0B], [1, 2, 3]), "RpcMeta) cannot be read");

    [Test]
    public async Task Answers_OfNobody_ArePassedOver()
    {
        Service.OnRequest = async (connection, request) =>
        {
            await connection.SendAsync(Frame([], new byte[100]));
            await connection.SendAsync(Frame(Raw.Integer(3, 1), []));
            await connection.SendAsync(Frame([0x0B], new byte[100]));
            await connection.AnswerAsync(request.Id + 1, new byte[100_000]);
            await connection.AnswerAsync(-1, new byte[100]);
            await connection.AnswerAsync(request.Id, []);
            await connection.AnswerAsync(request.Id, new byte[100]);
        };

        for (var i = 0; i < 3; i++)
        {
            Assert.That(await CodeAsync(), Is.Empty);
        }

        Assert.That(Service.Connections, Is.EqualTo(1));
    }

    [TestCase("HTTP/1.1 400 Bad Request\r\n\r\n", "the sub-service does not answer in baidu_std")]
    [TestCase("PRPX", "the sub-service does not answer in baidu_std")]
    [TestCase("PRPC\0\0\0\u0001\0\0\0\u0002", "the sub-service sends a frame of 1 bytes, of which 2 are its RpcMeta")]
    [TestCase("PRPC\u00FF\0\0\u0001\0\0\0\u0001", "the sub-service sends a frame of 4278190081 bytes")]
    [TestCase("PRPC\u0010\0\0\u0001\u0001\0\0\u0001", "of which 16777217 are its RpcMeta")]
    public async Task Garbage_EndsTheConnection(string garbage, string reason)
    {
        Service.OnRequest = (connection, _) => connection.SendAsync(garbage.Select(character => (byte)character).ToArray());

        Assert.That(await CodeAsync(), Is.EqualTo("sub-service-failed"));

        Assert.That(Failure(), Does.Contain(reason));
        Service.OnRequest = (connection, request) => connection.AnswerAsync(request.Id, []);
        Assert.That(await CodeAsync(), Is.Empty);
        Assert.That(Service.Connections, Is.EqualTo(2));
    }

    [Test]
    public async Task Connection_CutAfterTheRequest_OnlyIdempotentCallsAreMadeAgain()
    {
        await using var second = new BrpcSubService();
        await using var gateway = await StartWithAsync(second.Address);
        Service.OnRequest = (connection, _) =>
        {
            connection.Cut();
            return Task.CompletedTask;
        };

        Assert.That(await CodesAsync(gateway, ReadPath), Has.All.Empty);
        Assert.That(await CodesAsync(gateway, WritePath), Has.Exactly(2).EqualTo("sub-service-failed"));
    }

    [Test]
    public async Task Connection_EndedBeforeTheRequest_NoCallFails()
    {
        var second = new BrpcSubService();
        await using var gateway = await StartWithAsync(second.Address);
        Assert.That(await CodesAsync(gateway, WritePath), Has.All.Empty);
        await second.DisposeAsync();

        Assert.That(await CodesAsync(gateway, WritePath), Has.All.Empty);
    }

    [TestCase(1011)]
    [TestCase(2003)]
    [TestCase(2004)]
    public async Task Instance_TakesNoMore_AllCallsGoElsewhere(int code)
    {
        await using var second = new BrpcSubService();
        await using var gateway = await StartWithAsync(second.Address);
        Service.OnRequest = (connection, request) => connection.FailAsync(request.Id, code, "later");

        Assert.That(await CodesAsync(gateway, WritePath), Has.All.Empty);
        Assert.That(Service.Requests, Is.GreaterThan(0));
    }

    [Test]
    public async Task Answer_Late_IsPassedOver_AndTheConnectionGoesOn()
    {
        await using var gateway = await StartGatewayAsync(new(Settings) { ["ReverseProxy:Routes:user-set-nickname:Timeout"] = "00:00:00.300" });
        BrpcSubServiceRequest? late = null;
        Service.OnRequest = (_, request) =>
        {
            late = request;
            return Task.CompletedTask;
        };
        Assert.That(await CodeAsync(gateway, WritePath), Is.EqualTo("timed-out"));
        Service.OnRequest = async (connection, request) =>
        {
            await connection.AnswerAsync(late!.Id, new byte[200_000]);
            await connection.AnswerAsync(request.Id, []);
        };

        Assert.That(await CodeAsync(gateway, ReadPath), Is.Empty);
        Assert.That(late!.Timeout, Is.InRange(1, 300));
        Assert.That(Service.Connections, Is.EqualTo(1));
    }

    /// <summary>A call that is answered so fails, and neither those that wait on its connection do nor the instance.</summary>
    private async Task AssertFailsAloneAsync(Func<long, byte[]> answer, string reason)
    {
        var waiting = 0;
        var othersWait = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Assert.That(await CodeAsync(), Is.Empty);
        Service.OnRequest = async (connection, request) =>
        {
            if (Interlocked.Increment(ref waiting) == Others)
            {
                othersWait.SetResult();
            }

            await failed.Task;
            await connection.AnswerAsync(request.Id, []);
        };
        var others = Enumerable.Range(0, Others).Select(_ => CodeAsync()).ToArray();
        await othersWait.Task.DefaultTimeout();
        Service.OnRequest = (connection, request) => connection.SendAsync(answer(request.Id));

        var code = await CodeAsync();
        failed.SetResult();

        Assert.That(code, Is.EqualTo("sub-service-failed"));
        Assert.That(await Task.WhenAll(others), Has.All.Empty);
        Assert.That(Service.Connections, Is.EqualTo(1));
        Assert.That(Failure(), Does.Contain(reason).And.Length.LessThan(700));
    }

    private Task<GatewayFixture> StartWithAsync(string second) => StartGatewayAsync(new(Settings)
    {
        ["ReverseProxy:Clusters:user:LoadBalancingPolicy"] = "RoundRobin",
        ["ReverseProxy:Clusters:user:Destinations:second:Address"] = second,
    });

    private static async Task<string[]> CodesAsync(GatewayFixture gateway, string path)
    {
        var codes = new string[4];
        for (var i = 0; i < codes.Length; i++)
        {
            codes[i] = await CodeAsync(gateway, path);
        }

        return codes;
    }
}
