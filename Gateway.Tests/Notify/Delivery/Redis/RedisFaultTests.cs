using Gateway.Notify.Delivery.Redis;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace Gateway.Tests.Notify.Delivery.Redis;

/// <summary>What is an outage, and what is only a word about the question.</summary>
[TestFixture]
internal sealed class RedisFaultTests
{
    // As Redis 6, 7.0 and 7.2 say it.
    [TestCase("NOPERM this user has no permissions to access one of the keys used as arguments", RedisFaultKind.NameRefused, "NOPERM: the Redis user may not use the key")]
    [TestCase("NOPERM No permissions to access a key", RedisFaultKind.NameRefused, "NOPERM: the Redis user may not use the key")]
    [TestCase("NOPERM this user has no permissions to access one of the channels used as arguments", RedisFaultKind.NameRefused, "NOPERM: the Redis user may not use the channel")]
    [TestCase("NOPERM No permissions to access a channel", RedisFaultKind.NameRefused, "NOPERM: the Redis user may not use the channel")]
    [TestCase("NOPERM this user has no permissions to run the 'get' command or its subcommand", RedisFaultKind.CommandRefused, "NOPERM: the Redis user may not run 'get'")]
    [TestCase("NOPERM this user has no permissions to run the 'client|setname' command", RedisFaultKind.CommandRefused, "NOPERM: the Redis user may not run 'client|setname'")]
    [TestCase("NOPERM User gateway has no permissions to run the 'get' command", RedisFaultKind.CommandRefused, "NOPERM: the Redis user may not run 'get'")]
    [TestCase("ERR The user executing the script can't access at least one of the keys mentioned in the command arguments script: 2c72, on @user_script:1.", RedisFaultKind.NameRefused, "NOPERM: the Redis user may not use the key")]
    [TestCase("ERR The user executing the script can't publish to the channel mentioned in the command script: d292, on @user_script:1.", RedisFaultKind.NameRefused, "NOPERM: the Redis user may not use the channel")]
    [TestCase("ERR The user executing the script can't run this command or subcommand script: 7192, on @user_script:1.", RedisFaultKind.CommandRefused, "NOPERM: the Redis user may not run a command of the script")]
    [TestCase("ERR Error running script (call to f_71): @user_script:1: The user executing the script can't run this command or subcommand", RedisFaultKind.CommandRefused, "NOPERM: the Redis user may not run a command of the script")]
    [TestCase("NOPERM ACL failure in script: No permissions to access a key script: 2c72, on @user_script:1.", RedisFaultKind.NameRefused, "NOPERM: the Redis user may not use the key")]
    [TestCase("NOPERM ACL failure in script: User gateway has no permissions to run the 'del' command script: 2c72, on @user_script:1.", RedisFaultKind.CommandRefused, "NOPERM: the Redis user may not run 'del'")]
    [TestCase("WRONGTYPE Operation against a key holding the wrong kind of value", RedisFaultKind.NameRefused, "WRONGTYPE: the key holds something else")]
    [TestCase("ERR Error running script (call to f_71): @user_script:1: WRONGTYPE Operation against a key holding the wrong kind of value", RedisFaultKind.NameRefused, "WRONGTYPE: the key holds something else")]
    [TestCase("LOADING Redis is loading the dataset in memory", RedisFaultKind.Outage, "LOADING")]
    [TestCase("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", RedisFaultKind.Outage, "MASTERDOWN")]
    [TestCase("READONLY You can't write against a read only replica.", RedisFaultKind.Outage, "READONLY")]
    [TestCase("CLUSTERDOWN The cluster is down", RedisFaultKind.Outage, "CLUSTERDOWN")]
    [TestCase("BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", RedisFaultKind.Outage, "BUSY")]
    [TestCase("MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist on disk.", RedisFaultKind.Outage, "MISCONF")]
    [TestCase("OOM command not allowed when used memory > 'maxmemory'.", RedisFaultKind.Outage, "OOM")]
    [TestCase("NOAUTH Authentication required.", RedisFaultKind.Outage, "NOAUTH")]
    [TestCase("ERR max number of clients reached", RedisFaultKind.Outage, "ERR")]
    [TestCase("s-alice is what a proxy says", RedisFaultKind.Outage, "RedisServerException")]
    public void OfAnswer_TellsAnOutageFromAWordAboutTheQuestion(string error, RedisFaultKind kind, string reason) =>
        Assert.That(RedisFault.OfAnswer(error), Is.EqualTo(new RedisFault(kind, reason)));

    [Test]
    public void Of_WhatIsNoAnswer_IsAnOutage()
    {
        Assert.That(RedisFault.Of(new TimeoutException("s-alice")), Is.EqualTo(new RedisFault(RedisFaultKind.Outage, "TimeoutException")));
        Assert.That(
            RedisFault.Of(Broken(ConnectionFailureType.UnableToConnect, "s-alice")),
            Is.EqualTo(new RedisFault(RedisFaultKind.Outage, "RedisConnectionException, UnableToConnect")));
        Assert.That(
            RedisFault.Of(Broken(ConnectionFailureType.ProtocolFailure, "No connection; SimpleError: NOPERM this user has no permissions to run the 'echo' command")),
            Is.EqualTo(new RedisFault(RedisFaultKind.Outage, "RedisConnectionException, ProtocolFailure, NOPERM: the Redis user may not run 'echo'")));
    }

    private static RedisConnectionException Broken(ConnectionFailureType type, string text) => new(type, CommandFlags.None, text, null, CommandStatus.Unknown);

    [Test]
    public void IsNews_RefusalOnceInTenMinutes_OutageOnceInFiveSeconds()
    {
        var time = new FakeTimeProvider();
        var sut = new RedisFaultLog(time);
        var refusal = RedisFault.OfAnswer("NOPERM No permissions to access a key");
        var outage = RedisFault.Of(new TimeoutException());

        Assert.That((sut.IsNews(refusal), sut.IsNews(refusal), sut.IsNews(outage), sut.IsNews(outage)), Is.EqualTo((true, false, true, false)));
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.That((sut.IsNews(refusal), sut.IsNews(outage)), Is.EqualTo((false, true)));
        time.Advance(TimeSpan.FromMinutes(10));
        Assert.That((sut.IsNews(refusal), sut.IsNews(refusal)), Is.EqualTo((true, false)));
    }
}
