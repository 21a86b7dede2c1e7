using System.Collections.Concurrent;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional.Upstream;

/// <summary>The only instance ends its connections in good order again and again, as servers do that limit how long or for how much one serves.</summary>
[TestFixture]
internal sealed class LeavingConnectionsTests
{
    [TestCase(20)]
    [TestCase(2)]
    public async Task Connection_EndedAfterAFewCalls_CostsNoCall(int callsOfAConnection)
    {
        var answer = new GetUserInfoRsp { RequestId = "r1", Success = true }.ToByteArray();
        var calls = 0;
        await using var service = await StubSubService.StartAsync();
        service.OnCall = (context, _) =>
        {
            if (Interlocked.Increment(ref calls) % callsOfAConnection == 0)
            {
                context.Response.Headers.Connection = "close";
            }

            return StubSubService.AnswerAsync(context, answer);
        };
        await using var gateway = await GatewayFixture.StartAsync(service.Address);
        gateway.Sessions.Set("s-alice", "alice");
        var request = new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray();
        var codes = new ConcurrentBag<string>();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 500; i++)
            {
                using var response = await gateway.PostAsync("/service/user/get_user_info", request).DefaultTimeout();
                codes.Add(GatewayFixture.ErrorCode(response));
            }
        })));

        Assert.That(codes.Distinct(), Is.EqualTo(new[] { "" }), string.Join('\n', gateway.Log.Named("CallFailed").Select(entry => entry.Message).Distinct()));
        Assert.That(codes, Has.Count.EqualTo(2000));
        Assert.That(calls, Is.EqualTo(2000), "no call was made twice");
    }
}
