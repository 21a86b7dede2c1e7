using Gateway.Proxy.Sessions;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Proxy.Sessions;

public sealed class SessionKeysTests
{
    [TestCase("{session_id}", "s1", "s1")]
    [TestCase("session:{session_id}", "s1", "session:s1")]
    [TestCase("login:{session_id}:v1", "s1", "login:s1:v1")]
    [TestCase("会话:{session_id}", "s1", "会话:s1")]
    public void KeyOf_AnyPattern_HasTheSessionInItsPlace(string pattern, string session, string key) =>
        Assert.That(new SessionKeys(Options.Create(new SessionOptions { KeyPattern = pattern })).KeyOf(session), Is.EqualTo(key));
}
