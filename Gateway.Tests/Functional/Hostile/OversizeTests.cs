using System.Text;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional.Hostile;

/// <summary>Too much of everything: each part of a request has its bound, and its own answer beyond it.</summary>
[TestFixture]
internal sealed class OversizeTests : HostileTest
{
    private const int Megabyte = 1_000_000;
    private const int SetAvatarLimit = 4 << 20;

    private static readonly string Head = $"POST {LoginPath} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n";

    public static IEnumerable<TestCaseData> TooLong()
    {
        yield return Case("Query", 414, Post($"{GetUserInfoPath}?{new string('a', 9000)}", Alice));
        yield return Case("QueryOfAMegabyte", 414, Post($"{GetUserInfoPath}?{new string('a', Megabyte)}", Alice));
        yield return Case("Method", 414, $"{new string('A', 9000)} / HTTP/1.1\r\nHost: gateway\r\n\r\n");
        yield return Case("HeaderValue", 431, $"{Head}X-A: {new string('a', 33_000)}\r\n\r\n");
        yield return Case("HeaderValueOfAMegabyte", 431, $"{Head}X-A: {new string('a', Megabyte)}\r\n\r\n");
        yield return Case("HeaderName", 431, $"{Head}{new string('a', 33_000)}: a\r\n\r\n");
        yield return Case("HeadersTogether", 431, $"{Head}{Many(90, i => $"X-{i}: {new string('a', 400)}\r\n")}\r\n");
        yield return Case("ManyHeaders", 431, $"{Head}{Many(101, i => $"X-{i}: a\r\n")}\r\n");
        yield return Case("ManyHeadersOfOneName", 431, $"{Head}{Many(101, _ => "X-A: a\r\n")}\r\n");
        yield return Case("Cookies", 431, $"{Head}Cookie: {Many(5000, i => $"c{i}=v; ")}\r\n\r\n");
    }

    /// <summary>Large, but within bounds; and all of it ends at the gateway.</summary>
    public static IEnumerable<TestCaseData> Borne()
    {
        yield return new TestCaseData($"?{Many(2500, _ => "a&")}", "").SetArgDisplayNames("QueryOfManyParameters");
        yield return new TestCaseData("", Many(90, i => $"X-{i}: a\r\n")).SetArgDisplayNames("ManyHeaders");
        yield return new TestCaseData("", $"Cookie: {Many(2000, i => $"c{i}=aaaaaa; ")}\r\n").SetArgDisplayNames("Cookies");
        yield return new TestCaseData("", $"Accept-Language: {Many(5000, _ => "a;q=0,")}\r\n").SetArgDisplayNames("Languages");
        yield return new TestCaseData("", $"traceparent: {new string('0', 20_000)}\r\n").SetArgDisplayNames("TraceParent");
    }

    [TestCaseSource(nameof(TooLong))]
    public async Task Head_BeyondItsBound_IsRefusedAndTheConnectionClosed(int status, string request)
    {
        using var client = await ConnectAsync();

        await client.SendAsync(Wire(request));

        Assert.That(await client.ReadToEndAsync(), Does.StartWith($"HTTP/1.1 {status} "));
        Assert.That(Calls, Is.Empty, "It reached the sub-service");
    }

    [TestCaseSource(nameof(Borne))]
    public async Task Head_LargeButWithinBounds_IsServedAndStaysHere(string query, string headers)
    {
        var response = await AskAsync(Wire(Post(GetUserInfoPath + query, Alice, headers)));

        Assert.That(response.Headers, Does.Not.ContainKey("x-gateway-error"));
        AssertAskedForAlice();
        Assert.That(Calls.Single().Query, Is.Empty);
        Assert.That(Calls.Single().Headers.Sum(header => header.Key.Length + header.Value.Length), Is.LessThan(500));
    }

    [Test]
    public async Task Body_BeyondItsBound_IsTooLargeAndReadable()
    {
        var body = new SetUserAvatarReq { RequestId = "r1", SessionId = "s-alice", Avatar = ByteString.CopyFrom(new byte[SetAvatarLimit]) }.ToByteArray();
        using var client = await ConnectAsync();

        await client.PostAsync("/service/user/set_avatar", body);

        await AssertFailedAsync(client, "too-large");
    }

    [Test]
    public async Task Body_AnnouncedAsALot_IsTooLargeBeforeItComes()
    {
        using var client = await ConnectAsync();

        await client.SendAsync($"POST {GetUserInfoPath} HTTP/1.1\r\nHost: gateway\r\nContent-Length: {long.MaxValue}\r\n\r\n");
        await client.SendAsync(Alice);

        await AssertFailedAsync(client, "too-large");
    }

    [Test]
    public async Task Trailers_BeyondTheirBound_AreABadRequest()
    {
        using var client = await ConnectAsync();

        await client.SendAsync($"{Head}Transfer-Encoding: chunked\r\n\r\n0\r\nX-A: {new string('a', Megabyte)}\r\n\r\n");

        Assert.That(await client.ReadToEndAsync(), Does.Contain("x-gateway-error: bad-request"));
        Assert.That(Calls, Is.Empty, "It reached the sub-service");
    }

    [Test]
    public async Task ChunkExtension_Long_IsReadPast()
    {
        var body = Encoding.Latin1.GetString(Alice);

        var response = await AskAsync(Wire(
            $"POST {GetUserInfoPath} HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\n{body.Length:x};{new string('a', 5 * Megabyte)}\r\n{body}\r\n0\r\n\r\n"));

        Assert.That(response.Headers, Does.Not.ContainKey("x-gateway-error"));
        AssertAskedForAlice();
    }

    private async Task AssertFailedAsync(RawClient client, string code)
    {
        var response = await client.ReadAsync();

        Assert.That(response.Headers["x-gateway-error"], Is.EqualTo(code));
        Assert.That(UserRegisterRsp.Parser.ParseFrom(response.Body).Errmsg, Is.Not.Empty);
        Assert.That(Calls, Is.Empty, "It reached the sub-service");
    }

    private static string Many(int count, Func<int, string> piece) => new StringBuilder().AppendJoin("", Enumerable.Range(0, count).Select(piece)).ToString();

    private static TestCaseData Case(string name, int status, string request) => new TestCaseData(status, request).SetArgDisplayNames(name);
}
