using System.IO.Compression;
using System.Text;
using Gateway.Protocol;
using Gateway.Tests.Support;

namespace Gateway.Tests.Functional.Hostile;

/// <summary>Compressed bodies: nothing is unpacked here, so a bomb stays as small as it came.</summary>
[TestFixture]
internal sealed class CompressedBodyTests : HostileTest
{
    private const int Unpacked = 64 << 20;

    public static IEnumerable<TestCaseData> Labels()
    {
        foreach (var coding in new[] { "gzip", "x-gzip", "deflate", "br", "zstd", "compress", "gzip, identity", "identity, identity", "identity;q=1", "*" })
        {
            yield return Case(coding, $"Content-Encoding: {coding}\r\n");
        }

        yield return Case("IdentityThenGzip", "Content-Encoding: identity\r\nContent-Encoding: gzip\r\n");
        yield return Case("GzipThenIdentity", "Content-Encoding: gzip\r\nContent-Encoding: identity\r\n");
    }

    [TestCaseSource(nameof(Labels))]
    public async Task Body_LabelledAsCompressed_IsRefusedUnread(string headers)
    {
        var response = await AskAsync(Wire(Post(GetUserInfoPath, Alice, headers)));

        AssertUnsupported(response);
    }

    [Test]
    public async Task Body_ThatUnpacksToALot_IsRefusedUnread()
    {
        var response = await AskAsync(Wire(Post(GetUserInfoPath, Bomb(), "Content-Encoding: gzip\r\n")));

        AssertUnsupported(response);
    }

    [Test]
    public async Task Body_CompressedWithoutALabel_IsNoMessage()
    {
        var response = await AskAsync(Wire(Post(GetUserInfoPath, Bomb())));

        Assert.That(response.Headers["x-gateway-error"], Is.EqualTo("bad-request"));
        Assert.That(Calls, Is.Empty, "It reached the sub-service");
    }

    [TestCase("gzip, chunked")]
    [TestCase("gzip,chunked")]
    [TestCase("deflate, chunked")]
    public async Task Body_CompressedByItsTransfer_IsRefused(string coding)
    {
        var body = Encoding.Latin1.GetString(Alice);

        var response = await AskAsync(Wire(
            $"POST {GetUserInfoPath} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\nTransfer-Encoding: {coding}\r\n\r\n{body.Length:x}\r\n{body}\r\n0\r\n\r\n"));

        AssertUnsupported(response);
    }

    private void AssertUnsupported(RawResponse response)
    {
        Assert.That(response.Headers["x-gateway-error"], Is.EqualTo("unsupported-content"));
        Assert.That(UserRegisterRsp.Parser.ParseFrom(response.Body).Errmsg, Is.Not.Empty);
        Assert.That(Calls, Is.Empty, "It reached the sub-service");
    }

    private static byte[] Bomb()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(new byte[Unpacked]);
        }

        return packed.ToArray();
    }

    private static TestCaseData Case(string name, string headers) => new TestCaseData(headers).SetArgDisplayNames(name);
}
