using Gateway.Tests.Support;

namespace Gateway.Tests.Functional.Resilience;

/// <summary>A slow call is not a slow instance.</summary>
[TestFixture]
internal sealed class SlowInstanceTests : InstancesTest
{
    protected override Dictionary<string, string?> Settings => new()
    {
        [Metadata + "EjectAfterFailures"] = "1",
        [Metadata + "MaxRetries"] = "0",
        ["ReverseProxy:Routes:user-get-user-info:Timeout"] = "00:00:00.500",
    };

    [Test]
    public async Task Instance_SilentToEverybody_IsOut()
    {
        Instances[0].Hold();

        Assert.That(await CallAsync(3), Has.Exactly(1).EqualTo("timed-out"));

        await Eventually.That(() => Available == 2);
        Assert.That(Gateway.Log.Named("InstanceEjected").Single().Message, Does.EndWith("as Slow."));
    }

    [Test]
    public async Task Instance_AnswersOthersMeanwhile_Stays()
    {
        var held = new HeldCalls();
        foreach (var instance in Instances)
        {
            instance.OnCall = (context, call) =>
                call.Path.EndsWith("/GetUserInfo", StringComparison.Ordinal) ? held.HoldAsync(context) : StubSubService.AnswerAsync(context, []);
        }

        var slow = CallAsync();
        await held.Arrived.DefaultTimeout();
        Assert.That(await CallAsync(3, WritePath), Has.All.Empty);

        Assert.That(await slow, Is.EqualTo("timed-out"));
        Assert.That(Available, Is.EqualTo(3));
        Assert.That(Gateway.Log.Named("InstanceEjected"), Is.Empty);
    }

    [Test]
    public async Task Client_HangsUp_IsNobodysFault()
    {
        var held = Instances.Select(instance => instance.Hold()).ToArray();
        using (var client = await RawClient.ConnectAsync(Gateway.Address))
        {
            await client.PostAsync("/service/user/username_login", []);
            await Task.WhenAny(held.Select(calls => calls.Arrived)).DefaultTimeout();
        }

        await Task.WhenAny(held.Select(calls => calls.GivenUp)).DefaultTimeout();
        await Eventually.That(() => Gateway.Log.Named("CallEnded").Count == 1);
        Assert.That(Gateway.Log.Named("InstanceEjected"), Is.Empty);
    }
}
