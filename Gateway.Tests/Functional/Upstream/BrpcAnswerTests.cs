using System.Net;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional.Upstream;

/// <summary>
/// A brpc server does not look at the windows of streams, only at that of the connection. An answer that overruns its stream's window
/// would end the connection, and with it everybody's calls.
/// </summary>
[TestFixture]
internal sealed class BrpcAnswerTests
{
    private const string DownloadPath = "/service/file/get_single_file";
    private const string UploadPath = "/service/file/put_single_file";
    private const ushort InitialWindowSize = 4;

    private static readonly byte[] Download = new GetSingleFileReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray();

    private FrameSubService _service = null!;
    private GatewayFixture _gateway = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _service = new FrameSubService { AnswersSideBySide = true };
        _gateway = await GatewayFixture.StartAsync(_service.Address);
        _gateway.Sessions.Set("s-alice", "alice");
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _service.DisposeAsync();
    }

    [TestCase(70_000)]
    [TestCase(1 << 20)]
    public async Task Answer_BeyondTheDefaultWindow_ArrivesWhole(int size)
    {
        var file = FileOf(size);
        _service.OnRequest = (connection, stream) => connection.AnswerAsBrpcAsync(stream, file);

        Assert.That((await DownloadAsync()).AsSpan().SequenceEqual(file), Is.True);
    }

    [Test]
    public async Task Answer_OfTwentyMegabytes_ArrivesWholeAtAClientThatKeepsUp()
    {
        const int Ahead = 12 << 20;
        var file = FileOf(20_000_000);
        var received = 0;
        _service.OnRequest = (connection, stream) => connection.AnswerAsBrpcAsync(
            stream, file, sent => sent > Ahead ? Eventually.That(() => sent - Volatile.Read(ref received) <= Ahead) : Task.CompletedTask);
        using var request = new HttpRequestMessage(HttpMethod.Post, DownloadPath) { Content = new ByteArrayContent(Download) };

        using var response = await _gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).DefaultTimeout();
        var answer = new byte[file.Length];
        using var body = await response.Content.ReadAsStreamAsync();
        for (int read; received < answer.Length && (read = await body.ReadAsync(answer.AsMemory(received)).DefaultTimeout()) > 0;)
        {
            Volatile.Write(ref received, received + read);
        }

        Assert.That(answer.AsSpan().SequenceEqual(file), Is.True);
    }

    [Test]
    public async Task Answers_EightAtOnce_ArriveWholeOverOneConnection()
    {
        const int AtOnce = 8;
        var file = FileOf(1 << 20);
        var left = AtOnce;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await WarmUpAsync();
        _service.OnRequest = async (connection, stream) =>
        {
            if (Interlocked.Decrement(ref left) == 0)
            {
                all.SetResult();
            }

            await all.Task;
            await connection.AnswerAsBrpcAsync(stream, file);
        };

        var answers = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => DownloadAsync()));

        Assert.That(answers.Count(answer => answer.AsSpan().SequenceEqual(file)), Is.EqualTo(AtOnce));
        Assert.That(_service.Connections, Is.EqualTo(1));
    }

    [Test]
    public async Task Upload_BesideSuchAnswers_Survives()
    {
        var file = FileOf(1 << 20);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var upload = new HalvedContent(new PutSingleFileReq
        {
            SessionId = "s-alice",
            FileData = new FileUploadData { FileContent = ByteString.CopyFrom(new byte[1 << 20]) },
        }.ToByteArray());
        _service.OnConnected = connection =>
        {
            connection.OnFrame = frame =>
            {
                if (frame is { Type: Http2FrameType.Data, Payload.Length: > 0 } && (frame.Flags & Http2Bytes.EndStream) == 0)
                {
                    begun.TrySetResult();
                }
            };
            return connection.SettingsAsync((InitialWindowSize, 2 << 20));
        };
        await WarmUpAsync();

        var uploading = _gateway.Client.PostAsync(UploadPath, upload);
        await begun.Task.DefaultTimeout();
        _service.OnRequest = (connection, stream) => connection.AnswerAsBrpcAsync(stream, file);
        Assert.That((await DownloadAsync()).AsSpan().SequenceEqual(file), Is.True);
        _service.OnRequest = (connection, stream) => connection.AnswerAsync(stream, new PutSingleFileRsp { Success = true }.ToByteArray());
        upload.SendTheRest();
        using var uploaded = await uploading.DefaultTimeout();

        Assert.That((await GatewayFixture.ParseAsync<PutSingleFileRsp>(uploaded)).Success, Is.True);
        Assert.That(_service.Connections, Is.EqualTo(1));
    }

    private static byte[] FileOf(int size)
    {
        var content = new byte[size];
        new Random(size).NextBytes(content);
        return new GetSingleFileRsp { RequestId = "r1", Success = true, FileData = new FileDownloadData { FileContent = UnsafeByteOperations.UnsafeWrap(content) } }.ToByteArray();
    }

    /// <summary>Leaves a connection that all further calls go over.</summary>
    private async Task WarmUpAsync()
    {
        using var response = await _gateway.PostAsync(DownloadPath, Download).DefaultTimeout();
        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
    }

    private async Task<byte[]> DownloadAsync()
    {
        using var response = await _gateway.PostAsync(DownloadPath, Download).DefaultTimeout();
        return await response.Content.ReadAsByteArrayAsync();
    }

    /// <summary>Sends one half at once, and the other when a test says so.</summary>
    private sealed class HalvedContent(byte[] body) : HttpContent
    {
        private readonly TaskCompletionSource _rest = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void SendTheRest() => _rest.SetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(body.AsMemory(0, body.Length / 2));
            await stream.FlushAsync();
            await _rest.Task;
            await stream.WriteAsync(body.AsMemory(body.Length / 2));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = body.Length;
            return true;
        }
    }
}
