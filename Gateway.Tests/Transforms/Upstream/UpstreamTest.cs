using System.Buffers;
using System.Net.Security;
using System.Security.Authentication;
using Gateway.Tests.Support;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Upstream;
using Gateway.Transforms.Upstream.Http2;
using Gateway.Transforms.Verdicts;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Transforms.Upstream;

/// <summary>Calls to a sub-service that writes its own frames, without a gateway between.</summary>
internal abstract class UpstreamTest
{
    protected const ushort MaxStreams = 3;
    protected const ushort InitialWindow = 4;

    protected static readonly UpstreamSettings Settings = new(
        PingInterval: null, PingTimeout: TimeSpan.FromSeconds(20), StreamWindow: 1 << 20, MaxConnections: int.MaxValue, SslProtocols.None, TrustsAnyCertificate: false, UpstreamTls.None);

    protected static readonly Dialer Dialer = new(new NoCertificates());

    protected FakeTimeProvider Time { get; private set; } = null!;

    protected FrameSubService Service { get; private set; } = null!;

    protected GrpcInstance Sut { get; private set; } = null!;

    [SetUp]
    public void Start()
    {
        Time = new FakeTimeProvider();
        Service = new FrameSubService { AnswersSideBySide = true };
        Use(Settings);
    }

    [TearDown]
    public async Task StopAsync()
    {
        Sut.Pool.Retire();
        await Service.DisposeAsync();
    }

    protected static UpstreamRequest RequestOf(byte[] message, BodyRemainder? rest = null) =>
        new("/chat.Users/Get", new ReadOnlySequence<byte>(message), rest, Timeout: null, Authority: null, Headers: []);

    protected static TaskCompletionSource Gate() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    protected static byte[] BytesOf(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    protected static async Task<byte[]> ReadAsync(Answer answer)
    {
        await using var message = answer.Message;
        using var bytes = new MemoryStream();
        await message.CopyToAsync(bytes);
        return bytes.ToArray();
    }

    /// <summary>Why the call failed.</summary>
    protected static async Task<AnswerException> FailureOf(Task call)
    {
        await call.DefaultTimeout().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return call.Exception?.InnerException as AnswerException ?? throw new AssertionException($"The call has not failed as calls do: {call.Status}, {call.Exception}");
    }

    protected void Use(UpstreamSettings settings) => Sut = new GrpcInstance(new Uri(Service.Address), settings, Dialer, Time);

    protected Task<byte[]> CallAsync(CancellationToken cancellationToken = default) => CallAsync([], cancellationToken);

    protected async Task<byte[]> CallAsync(byte[] message, CancellationToken cancellationToken = default) =>
        await ReadAsync(await Sut.CallAsync(RequestOf(message), cancellationToken));

    /// <summary>The connections to the sub-service end, and none is left behind.</summary>
    protected async Task AssertNoneIsLeftAsync()
    {
        await Eventually.That(() => Service.OpenConnections == 0);
        Assert.That(Sut.Pool.Connections, Is.Zero);
    }

    private sealed class NoCertificates : IUpstreamCertificates
    {
        public SslClientAuthenticationOptions Open(UpstreamTls tls) => new();
    }
}
