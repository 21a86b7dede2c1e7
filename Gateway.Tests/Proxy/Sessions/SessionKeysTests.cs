using Gateway.Proxy.Sessions;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Proxy.Sessions;

public sealed class SessionKeysTests
{
    [TestCase("{session_id}", "s1", "s1")]
    [TestCase("session:{session_id}", "s1", "session:s1")]
    [TestCase("login:{session_id}:v1", "s1", "login:s1:v1")]
    [TestCase("会话:{session_id}", "s1", "会话:s1")]
    public void KeyOf_AnyPattern_IsReadBackBySessionOf(string pattern, string session, string key)
    {
        var sut = Sut(pattern);

        Assert.That(sut.KeyOf(session), Is.EqualTo(key));
        Assert.That(sut.SessionOf(key), Is.EqualTo(session));
    }

    [TestCase("session:{session_id}", "status:s1")]
    [TestCase("session:{session_id}", "SESSION:s1")]
    [TestCase("session:{session_id}", "session:")]
    [TestCase("login:{session_id}:v1", "login:s1:v2")]
    [TestCase("aba{session_id}bab", "abab", Description = "Beginning and end overlap")]
    [TestCase("{session_id}", "")]
    public void SessionOf_AnotherKey_IsNull(string pattern, string key) => Assert.That(Sut(pattern).SessionOf(key), Is.Null);

    private static SessionKeys Sut(string pattern) => new(Options.Create(new SessionOptions { KeyPattern = pattern }));
}
