using System.IO.Compression;
using Gateway.Tests.Support;
using Gateway.Transforms.Verdicts;

namespace Gateway.Tests.Transforms.Upstream;

/// <summary>All the ways in which an answer may be written, and some in which it may not.</summary>
[TestFixture]
internal sealed class AnswerShapeTests : UpstreamTest
{
    private static readonly byte[] Header = Http2Bytes.Fields((":status", "200"), ("content-type", "application/grpc+proto"));
    private static readonly byte[] Trailer = Http2Bytes.Fields(("grpc-status", "0"));

    [Test]
    public async Task Header_InPiecesWithPaddingAndPriority_IsRead()
    {
        Service.OnRequest = async (connection, stream) =>
        {
            const int Priority = 32;
            await connection.WriteAsync(Http2FrameType.Headers, Http2Bytes.Padded | Priority, stream, [7, 0, 0, 0, 0, 1, .. Header[..3], .. new byte[7]]);
            foreach (var next in Header[3..^1])
            {
                await connection.WriteAsync(Http2FrameType.Continuation, 0, stream, [next]);
            }

            await connection.WriteAsync(Http2FrameType.Continuation, 0, stream, []);
            await connection.WriteAsync(Http2FrameType.Continuation, Http2Bytes.EndHeaders, stream, Header[^1..]);
            await connection.WriteAsync(Http2FrameType.Data, Http2Bytes.Padded, stream, [3, .. StubSubService.Frame([1, 2]), 0, 0, 0]);
            await connection.WriteAsync(Http2FrameType.Data, Http2Bytes.Padded, stream, [1, 0]);
            await connection.WriteAsync(Http2FrameType.Headers, Http2Bytes.EndHeaders | Http2Bytes.EndStream | Http2Bytes.Padded, stream, [0, .. Trailer]);
        };

        Assert.That(await CallAsync().DefaultTimeout(), Is.EqualTo(new byte[] { 1, 2 }));
    }

    [Test]
    public async Task InterimAnswers_ArePassedOver()
    {
        Service.OnRequest = async (connection, stream) =>
        {
            for (var i = 0; i < 3; i++)
            {
                await connection.HeadersAsync(stream, isEnd: false, (":status", "103"), ("grpc-status", "13"), ("content-type", "text/html"));
            }

            await connection.AnswerAsync(stream, [1]);
        };

        Assert.That(await CallAsync().DefaultTimeout(), Is.EqualTo(new byte[] { 1 }));
    }

    [Test]
    public async Task Header_SaysTheStatusBesideTheTrailers_TheTrailersCount()
    {
        Service.OnRequest = async (connection, stream) =>
        {
            await connection.HeadersAsync(stream, isEnd: false, (":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "13"), ("grpc-message", "no"));
            await connection.DataAsync(stream, StubSubService.Frame([1]));
            await connection.HeadersAsync(stream, isEnd: true, (":status", "500"), ("content-type", "text/html"), ("grpc-encoding", "br"), ("grpc-status", "0"));
        };

        Assert.That(await CallAsync().DefaultTimeout(), Is.EqualTo(new byte[] { 1 }));
    }

    [TestCase("5", "grpc-status 5")]
    [TestCase("0", "no message")]
    public async Task TrailersAlone_FailTheCall(string status, string reason)
    {
        Service.OnRequest = (connection, stream) =>
            connection.HeadersAsync(stream, isEnd: true, (":status", "200"), ("content-type", "application/grpc"), ("grpc-status", status), ("grpc-message", "so%20so"));

        var verdict = (await FailureOf(CallAsync())).Verdict;

        Assert.That($"{verdict.Status} {verdict.Description}", Does.Contain(reason));
    }

    [Test]
    public async Task SeveralStatuses_AreNone()
    {
        Service.OnRequest = async (connection, stream) =>
        {
            await connection.BeginAnswerAsync(stream);
            await connection.DataAsync(stream, StubSubService.Frame([1]));
            await connection.HeadersAsync(stream, isEnd: true, ("grpc-status", "0"), ("grpc-status", "0"));
        };

        Assert.That((await FailureOf(CallAsync())).Verdict.Kind, Is.EqualTo(VerdictKind.Garbled));
    }

    [Test]
    public async Task MoreBehindTheTrailers_FailsTheCallAlone()
    {
        Service.OnRequest = async (connection, stream) =>
        {
            await connection.BeginAnswerAsync(stream);
            await connection.HeadersAsync(stream, isEnd: stream > 1, ("grpc-status", "5"));
        };

        Assert.That((await FailureOf(CallAsync())).Verdict.Kind, Is.EqualTo(VerdictKind.Garbled));
        Assert.That((await FailureOf(CallAsync())).Verdict.Status, Is.EqualTo("grpc-status 5"));
        Assert.That(Service.Connections, Is.EqualTo(1));
    }

    [Test]
    public async Task Gzip_IsUnpacked()
    {
        var message = BytesOf(100_000);
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(message);
        }

        Service.OnRequest = async (connection, stream) =>
        {
            await connection.HeadersAsync(stream, isEnd: false, (":status", "200"), ("content-type", "application/grpc"), ("grpc-encoding", "gzip"));
            foreach (var piece in StubSubService.Frame(packed.ToArray(), flag: 1).Chunk(1000))
            {
                await connection.DataAsync(stream, piece);
            }

            await connection.HeadersAsync(stream, isEnd: true, ("grpc-status", "0"));
        };

        Assert.That(await CallAsync().DefaultTimeout(), Is.EqualTo(message));
    }

    [Test]
    public async Task Answer_DisposedOfTwice_IsGivenBackOnce()
    {
        var first = await Sut.CallAsync(RequestOf([]), CancellationToken.None).DefaultTimeout();
        await first.Message.DisposeAsync();
        var gate = Gate();
        Service.OnRequest = async (connection, stream) =>
        {
            await connection.BeginAnswerAsync(stream);
            await connection.DataAsync(stream, StubSubService.Frame([1]));
            await gate.Task;
            await connection.HeadersAsync(stream, isEnd: true, ("grpc-status", "0"));
        };
        var second = await Sut.CallAsync(RequestOf([]), CancellationToken.None).DefaultTimeout();

        await first.Message.DisposeAsync();
        gate.SetResult();

        Assert.That(await ReadAsync(second).DefaultTimeout(), Is.EqualTo(new byte[] { 1 }));
        Assert.That(async () => await first.Message.ReadAsync(new byte[1]), Throws.InstanceOf<ObjectDisposedException>());
    }
}
