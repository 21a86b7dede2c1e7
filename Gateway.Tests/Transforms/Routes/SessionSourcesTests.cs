using Gateway.Transforms.Routes;

namespace Gateway.Tests.Transforms.Routes;

[TestFixture]
internal sealed class SessionSourcesTests
{
    [Test]
    public void Parse_Nothing_IsTheBody()
    {
        Assert.That(Parse([], out _), Is.SameAs(SessionSources.BodyAlone));
        Assert.That(Parse(["Body"], out _), Is.SameAs(SessionSources.BodyAlone));
    }

    [Test]
    public void Parse_All_KeepsTheirOrder()
    {
        var sut = Parse(["Cookie:sid", "Header:X-Session", "Bearer"], out var errors);

        Assert.That(errors, Is.Empty);
        Assert.That(sut.HasBody, Is.False);
        Assert.That(sut.Outside, Is.EqualTo(new SessionSource[]
        {
            new(SessionSourceKind.Cookie, "sid"), new(SessionSourceKind.Header, "x-session"), new(SessionSourceKind.Bearer, ""),
        }));
    }

    [TestCase("")]
    [TestCase("body")]
    [TestCase("Header:")]
    [TestCase("Header")]
    [TestCase("Cookie:a b")]
    [TestCase("Query:sid")]
    public void Parse_AnythingElse_IsRefused(string text)
    {
        Parse([text], out var errors);

        Assert.That(errors, Is.EqualTo(new[] { $"Gateway:Sessions:Sources has '{text}'; use 'Body', 'Bearer', 'Header:' with the name of a header, or 'Cookie:' with the name of a cookie." }));
    }

    [Test]
    public void Parse_Twice_IsRefused()
    {
        Parse(["Header:x-a", "Header:X-A"], out var errors);

        Assert.That(errors, Is.EqualTo(new[] { "Gateway:Sessions:Sources has 'Header:X-A' twice; keep one of them." }));
    }

    private static SessionSources Parse(string[] texts, out List<string> errors)
    {
        errors = [];
        return SessionSources.Parse("Gateway:Sessions:Sources", texts, errors);
    }
}
