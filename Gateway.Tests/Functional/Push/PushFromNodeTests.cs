using System.Text.Json;
using Gateway.Protocol;
using Gateway.Tests.Notify;
using Gateway.Tests.Proxy.Hosting;
using Gateway.Tests.Support;

namespace Gateway.Tests.Functional.Push;

/// <summary>A sub-service in another language: test/push.mjs of the demo's page, in Node, with the library of gRPC for it.</summary>
[TestFixture]
[Servers]
internal sealed class PushFromNodeTests : PushTest
{
    [Test]
    public async Task Node_AsksTellsAndDisconnects()
    {
        await using var hub = await HubFixture.StartAsync(Settings());
        await using var alice = await hub.JoinAsync("alice");

        using var node = ChildProcess.Start(
            Path.Combine(RepositoryFolder.Path, "samples/ChatDemo/web"), [], "node", "test/push.mjs", PortOf(hub.Gateway).Authority, Token, "alice");

        Assert.That(await node.ExitCodeAsync(TimeSpan.FromMinutes(1)), Is.Zero, () => node.Output);
        var answers = node.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.That(answers, Has.Length.EqualTo(6), () => node.Output);
        Assert.That(answers[0].GetProperty("users").EnumerateArray().Select(user => user.GetProperty("userId").GetString()), Is.EqualTo(new[] { "alice" }));
        Assert.That(answers[1..4].Select(answer => answer.GetProperty("duplicate").GetBoolean()), Is.EqualTo(new[] { false, true, false }));
        Assert.That(answers[4].ToString(), Is.EqualTo("""{"code":3,"message":"The request names 0 users; name 1 to 1000 (Gateway:Push:MaxUsers)."}"""));
        Assert.That(answers[5].GetProperty("openBefore").GetInt32(), Is.EqualTo(1));
        Assert.That(await alice.ReceiveAsync(), Is.EqualTo(Removed("bob")));
        Assert.That(await alice.ReceiveAsync(), Is.EqualTo(new NotifyMessage { NotifyEventId = "as fields" }));
        Assert.That((await alice.ReceiveCloseAsync()).Code, Is.EqualTo(4440));
    }
}
