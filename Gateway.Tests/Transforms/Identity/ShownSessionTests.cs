using Gateway.Transforms.Identity;
using Gateway.Transforms.Routes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Gateway.Tests.Transforms.Identity;

/// <summary>Requests as the server gives them: a header may come twice, which clients' libraries seldom send.</summary>
[TestFixture]
internal sealed class ShownSessionTests
{
    [TestCase("Bearer", "Authorization", "Bearer a", "Bearer b")]
    [TestCase("Bearer", "Authorization", "Bearer a", "Basic c", "bearer b")]
    [TestCase("Header:x-session", "X-Session", "a", "b")]
    [TestCase("Cookie:sid", "Cookie", "sid=a", "sid=b")]
    [TestCase("Cookie:sid", "Cookie", "sid=a; sid=b")]
    public void Read_TwoThatDiffer_AreAProblem(string source, string name, params string[] values) =>
        Assert.That(Read(source, name, values), Is.EqualTo(new ShownSession(null, "two sessions that differ", IsAmbiguous: true)));

    [TestCase("Bearer", "Authorization", "Bearer a", "Bearer a")]
    [TestCase("Bearer", "Authorization", "Basic b", "Bearer a")]
    [TestCase("Header:x-session", "X-Session", "a", "", "a")]
    [TestCase("Cookie:sid", "Cookie", "sid=a; SID=b; xsid=b; sid", "sid=; sid=a")]
    public void Read_One_IsIt(string source, string name, params string[] values) =>
        Assert.That(Read(source, name, values), Is.EqualTo(new ShownSession("a")));

    [TestCase("Bearer", "Authorization", "Bearer")]
    [TestCase("Bearer", "X-Session", "Bearer a")]
    [TestCase("Header:x-session", "X-Session", " ")]
    [TestCase("Cookie:sid", "Cookie", "=a;;sid")]
    public void Read_None_IsNothing(string source, string name, params string[] values) =>
        Assert.That(Read(source, name, values).IsNothing);

    [Test]
    public void Read_CookieThatNobodyJudges_IsAProblem()
    {
        var sources = SessionSources.Parse("", ["Cookie:sid"], []);
        var context = new DefaultHttpContext();
        context.Request.Headers.Cookie = "sid=a";

        Assert.That(ShownSession.Read(context.Request, sources, cookies: null).Problem, Is.EqualTo("the cookie of a session, from a page that is not allowed"));
    }

    private static ShownSession Read(string source, string name, string[] values)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers[name] = new StringValues(values);
        return ShownSession.Read(context.Request, SessionSources.Parse("", [source], []), () => true);
    }
}
