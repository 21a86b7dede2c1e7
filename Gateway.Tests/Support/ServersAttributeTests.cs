namespace Gateway.Tests.Support;

[TestFixture]
internal sealed class ServersAttributeTests
{
    [Test]
    public async Task Program_StartedByATestThatDoesNotSaySo_FailsIt()
    {
        await using var redis = new RedisProcess();

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(redis.StartAsync);

        Assert.That(failure!.Message, Is.EqualTo(
            $"{TestContext.CurrentContext.Test.FullName} starts another program; put [Servers] on it, or on its fixture."));
        Assert.That(() => ChildProcess.Start("/", [], "true"), Throws.InvalidOperationException);
    }
}
