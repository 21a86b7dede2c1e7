using System.Text;
using System.Text.RegularExpressions;
using Gateway.Protocol;

namespace Gateway.Tests.Functional.Hostile;

/// <summary>
/// Requests whose end two servers would see at different places. Each hides a second request where a lenient server would take it for
/// one; it must never be served.
/// </summary>
[TestFixture]
internal sealed partial class SmugglingTests : HostileTest
{
    private const string Hidden = $"POST {LoginPath} HTTP/1.1\r\nHost: hidden\r\nContent-Length: 0\r\n\r\n";

    private static readonly string Head = $"POST {LoginPath} HTTP/1.1\r\nHost: gateway\r\n";

    public static IEnumerable<TestCaseData> Attacks()
    {
        yield return Case("TwoLengthsThatDiffer", $"{Head}Content-Length: 0\r\nContent-Length: {Hidden.Length}\r\n\r\n{Hidden}");
        yield return Case("TwoLengthsThatAgree", $"{Head}Content-Length: 0\r\nContent-Length: 0\r\n\r\n{Hidden}");
        yield return Case("LengthList", $"{Head}Content-Length: 0, {Hidden.Length}\r\n\r\n{Hidden}");
        yield return Case("LengthNegative", $"{Head}Content-Length: -1\r\n\r\n{Hidden}");
        yield return Case("LengthHex", $"{Head}Content-Length: 0x0\r\n\r\n{Hidden}");
        yield return Case("LengthBeyond64Bits", $"{Head}Content-Length: 18446744073709551616\r\n\r\n{Hidden}");
        yield return Case("LengthEmpty", $"{Head}Content-Length:\r\n\r\n{Hidden}");
        yield return Case("LengthOfUnicodeDigits", $"{Head}Content-Length: \u00B2\r\n\r\n{Hidden}");
        yield return Case("EncodingXchunked", $"{Head}Transfer-Encoding: xchunked\r\n\r\n{Hidden}");
        yield return Case("EncodingNotLastChunked", $"{Head}Transfer-Encoding: chunked, identity\r\n\r\n{Hidden}");
        yield return Case("EncodingTwice", $"{Head}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n{Hidden}");
        yield return Case("EncodingWithVerticalTab", $"{Head}Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n{Hidden}");
        yield return Case("SpaceBeforeColon", $"{Head}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{Hidden}");
        yield return Case("HeaderFolded", $"{Head}X-A: b\r\n Content-Length: {Hidden.Length}\r\n\r\n{Hidden}");
        yield return Case("EncodingFolded", $"{Head}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n{Hidden}");
        yield return Case("BareCrInHeader", $"{Head}X-A: b\rContent-Length: {Hidden.Length}\r\n\r\n{Hidden}");
        yield return Case("BareCrEndsHeaders", $"{Head}Content-Length: 0\r\r\n{Hidden}");
        yield return Case("NulInHeader", $"{Head}X-A: b\0c\r\n\r\n{Hidden}");
        yield return Case("HeaderWithoutColon", $"{Head}Content-Length\r\n\r\n{Hidden}");
        yield return Case("HeaderWithoutName", $"{Head}: 0\r\n\r\n{Hidden}");
        yield return Case("Http09", $"POST {LoginPath}\r\n{Hidden}");
        yield return Case("NoHost", $"POST {LoginPath} HTTP/1.1\r\n\r\n{Hidden}");
        yield return Case("TwoHosts", $"{Head}Host: other\r\n\r\n{Hidden}");
        yield return Case("SpaceInTarget", $"POST {LoginPath} x HTTP/1.1\r\nHost: gateway\r\n\r\n{Hidden}");
    }

    /// <summary>The headers are good, so the request has reached a route by the time its body turns out to be none.</summary>
    public static IEnumerable<TestCaseData> BrokenChunks()
    {
        yield return Case("ChunkSizeNegative", $"{Head}Transfer-Encoding: chunked\r\n\r\n-1\r\n{Hidden}");
        yield return Case("ChunkSizeHexPrefix", $"{Head}Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n{Hidden}");
        yield return Case("ChunkSizeBeyond32Bits", $"{Head}Transfer-Encoding: chunked\r\n\r\n100000000\r\n{Hidden}");
        yield return Case("ChunkSizeBeyond64Bits", $"{Head}Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n{Hidden}");
        yield return Case("ChunkSizeEmpty", $"{Head}Transfer-Encoding: chunked\r\n\r\n\r\n{Hidden}");
        yield return Case("ChunkLongerThanItsSize", $"{Head}Transfer-Encoding: chunked\r\n\r\n1\r\nAA\r\n0\r\n\r\n{Hidden}");
        yield return Case("ChunkEndedByLf", $"{Head}Transfer-Encoding: chunked\r\n\r\n1\n\n0\r\n\r\n{Hidden}");
        yield return Case("ChunkExtensionEndedByLf", $"{Head}Transfer-Encoding: chunked\r\n\r\n1;a=b\nX\r\n0\r\n\r\n{Hidden}");
        yield return Case("ChunkExtensionWithBareCr", $"{Head}Transfer-Encoding: chunked\r\n\r\n1;a=\rb\r\nX\r\n0\r\n\r\n{Hidden}");
    }

    /// <summary>Both lengths are told. Chunks win (RFC 9112, section 6.3), and the connection ends with the answer.</summary>
    public static IEnumerable<TestCaseData> TwoKindsOfLength()
    {
        yield return Case("ShortLengthFirst", $"{Head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{Hidden}");
        yield return Case("LongLengthLast", $"{Head}Transfer-Encoding: chunked\r\nContent-Length: {5 + Hidden.Length}\r\n\r\n0\r\n\r\n{Hidden}");
    }

    [TestCaseSource(nameof(Attacks))]
    public async Task Request_OfDoubtfulEnd_IsRefusedAndTheConnectionClosed(string attack)
    {
        using var client = await ConnectAsync();

        await client.SendAsync(Wire(attack));
        var answers = await client.ReadToEndAsync();

        Assert.That(StatusesOf(answers), Is.EqualTo(new[] { "400" }), answers);
        Assert.That(Calls, Is.Empty, "It reached the sub-service");
    }

    [TestCaseSource(nameof(BrokenChunks))]
    public async Task Chunks_Broken_AreABadRequestAndTheConnectionIsClosed(string attack)
    {
        using var client = await ConnectAsync();

        await client.SendAsync(Wire(attack));
        var answers = await client.ReadToEndAsync();

        Assert.That(StatusesOf(answers), Is.EqualTo(new[] { "200" }), answers);
        Assert.That(answers, Does.Contain("x-gateway-error: bad-request"));
        Assert.That(Calls, Is.Empty, "It reached the sub-service");
    }

    [TestCaseSource(nameof(TwoKindsOfLength))]
    public async Task Length_BesideChunks_IsIgnoredAndNothingBehindIsServed(string attack)
    {
        using var client = await ConnectAsync();

        await client.SendAsync(Wire(attack));
        var answers = await client.ReadToEndAsync();

        Assert.That(StatusesOf(answers), Is.EqualTo(new[] { "200" }), answers);
        Assert.That(answers, Does.Contain("Connection: close"));
        Assert.That(Calls.Single().Message.ToArray(), Is.Empty);
    }

    [Test]
    public async Task Version_Unknown_IsRefusedAndTheConnectionClosed()
    {
        using var client = await ConnectAsync();

        await client.SendAsync(Wire($"POST {LoginPath} HTTP/1.2\r\nHost: gateway\r\n\r\n{Hidden}"));

        Assert.That(StatusesOf(await client.ReadToEndAsync()), Is.EqualTo(new[] { "505" }));
        Assert.That(Calls, Is.Empty, "It reached the sub-service");
    }

    [Test]
    public async Task Chunks_WithExtensionsAndTrailers_AreReadWithoutThem()
    {
        var response = await AskAsync(Wire(
            $"POST {GetUserInfoPath} HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\n"
            + $"{Alice.Length:x};a=b;c=\"d\"\r\n{Encoding.Latin1.GetString(Alice)}\r\n0;e\r\nContent-Length: 5\r\nuser_id: mallory\r\n\r\n"));

        Assert.That(response.Headers, Does.Not.ContainKey("x-gateway-error"));
        Assert.That(GetUserInfoReq.Parser.ParseFrom(Calls.Single().Message), Is.EqualTo(new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice", UserId = "alice" }));
        Assert.That(Calls.Single().Headers.Keys, Does.Not.Contain("user_id"));
    }

    private static IEnumerable<string> StatusesOf(string answers) => StatusLines().Matches(answers).Select(line => line.Groups[1].Value);

    [GeneratedRegex("HTTP/1\\.1 ([0-9]{3})")]
    private static partial Regex StatusLines();

    private static TestCaseData Case(string name, string attack) => new TestCaseData(attack).SetArgDisplayNames(name);
}
