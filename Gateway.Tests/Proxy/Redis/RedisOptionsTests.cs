using Gateway.Proxy.Redis;

namespace Gateway.Tests.Proxy.Redis;

[TestFixture]
internal sealed class RedisOptionsTests
{
    [TestCase("")]
    [TestCase(" ")]
    [TestCase("127.0.0.1:6379,password=secret,nonsense=1")]
    public void Configuration_Unreadable_IsRefusedWithoutShowingThePassword(string configuration) =>
        Assert.That(new RedisOptionsValidator().Validate(null, new RedisOptions { Configuration = configuration }).Failures, Is.EqualTo(new[]
        {
            "Gateway:Redis:Configuration cannot be read; write it as 'host:port', further settings after commas, as in '10.0.0.1:6379,password=...'.",
        }));

    [TestCase("127.0.0.1:6379")]
    [TestCase("redis-0:6379,redis-1:6379,password=secret,ssl=true")]
    [TestCase("redis")]
    public void Configuration_Readable_IsAccepted(string configuration) =>
        Assert.That(new RedisOptionsValidator().Validate(null, new RedisOptions { Configuration = configuration }).Succeeded, Is.True);

    [Test]
    public void ChannelPrefix_IsRefusedWithTheCure() =>
        Assert.That(new RedisOptionsValidator().Validate(null, new RedisOptions { Configuration = "127.0.0.1:6379,channelPrefix=app:" }).Failures, Is.EqualTo(new[]
        {
            "Gateway:Redis:Configuration has 'channelPrefix', which does not hold for what scripts publish; leave it out, and set Gateway:Notify:KeyPrefix, with which all channels of the gateway begin.",
        }));

    [Test]
    public void OwnSettings_WinOverOurs()
    {
        var options = RedisConnection.ParseConfiguration("127.0.0.1:6379,asyncTimeout=300,abortConnect=true");

        Assert.That(options.AsyncTimeout, Is.EqualTo(300));
        Assert.That(options.KeepAlive, Is.EqualTo(15));
        Assert.That(options.AbortOnConnectFail, Is.False, "An absent Redis must not keep the gateway from starting");
    }
}
