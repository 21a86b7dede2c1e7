using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Support;

/// <summary>
/// A sub-service on a bare Kestrel, cleartext HTTP/2 unless said otherwise: it records what it is asked and answers what a test tells
/// it to, down to the single byte of a frame.
/// </summary>
internal sealed class StubSubService : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Call> _calls = new();
    private int _openCalls;
    private int _mostOpenCalls;

    private StubSubService(WebApplication app) => _app = app;

    /// <summary>Takes a request before its body has been read; null to have it read whole, for <see cref="OnCall"/>.</summary>
    public Func<HttpContext, Task>? OnRequest { get; set; }

    /// <summary>What is done with a call; by default it is answered with an empty message.</summary>
    public Func<HttpContext, Call, Task> OnCall { get; set; } = (context, _) => AnswerAsync(context, []);

    public string Address { get; private set; } = "";

    public IReadOnlyList<Call> Calls => [.. _calls];

    public Call LastCall => _calls.Last();

    /// <summary>Requests that are under way.</summary>
    public int OpenCalls => Volatile.Read(ref _openCalls);

    /// <summary>As many as were ever under way at the same time.</summary>
    public int MostOpenCalls => Volatile.Read(ref _mostOpenCalls);

    public static async Task<StubSubService> StartAsync(
        HttpProtocols protocols = HttpProtocols.Http2, int port = 0, X509Certificate2? certificate = null, Action<HttpsConnectionAdapterOptions>? tls = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(System.Net.IPAddress.Loopback, port, listen =>
            {
                listen.Protocols = protocols;
                if (certificate is not null)
                {
                    listen.UseHttps(certificate, tls ?? (_ => { }));
                }
            });
        });
        builder.Services.AddLogging();
        var app = builder.Build();
        var stub = new StubSubService(app);
        app.Run(stub.HandleAsync);
        await app.StartAsync();
        stub.Address = app.Urls.Single();
        return stub;
    }

    /// <summary>Answers as a gRPC server does.</summary>
    public void Answer(IMessage message) => OnCall = (context, _) => AnswerAsync(context, message.ToByteArray());

    /// <summary>Fails as a gRPC server does, with the status in the headers and no body.</summary>
    public void Fail(int status, string message) => OnCall = (context, _) => FailAsync(context, status, message);

    /// <summary>Answers each method with a message of its own, and fails what is not listed with UNIMPLEMENTED.</summary>
    public void AnswerByMethod(Dictionary<string, IMessage> answers) => OnCall = (context, call) =>
        answers.TryGetValue(call.Path[(call.Path.LastIndexOf('/') + 1)..], out var message)
            ? AnswerAsync(context, message.ToByteArray())
            : FailAsync(context, 12, "");

    /// <summary>Answers with these bytes as the body, whatever they are, and this status behind them; null for no status at all.</summary>
    public void AnswerRaw(byte[] body, int? status = 0, string contentType = "application/grpc", string? encoding = null) => OnCall = async (context, _) =>
    {
        context.Response.ContentType = contentType;
        if (encoding is not null)
        {
            context.Response.Headers["grpc-encoding"] = encoding;
        }

        await context.Response.Body.WriteAsync(body);
        if (status is { } code)
        {
            context.Response.AppendTrailer("grpc-status", code.ToString());
            context.Response.AppendTrailer("grpc-message", "secret-host:1234 stack");
        }
    };

    /// <summary>Leaves calls unanswered until the other side gives them up.</summary>
    public HeldCalls Hold()
    {
        var held = new HeldCalls();
        OnCall = (context, _) => held.HoldAsync(context);
        return held;
    }

    public static async Task AnswerAsync(HttpContext context, byte[] message, int status = 0)
    {
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(Frame(message));
        context.Response.AppendTrailer("grpc-status", status.ToString());
    }

    public static byte[] Frame(byte[] message, byte flag = 0)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    private static Task FailAsync(HttpContext context, int status, string message)
    {
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = status.ToString();
        context.Response.Headers["grpc-message"] = message;
        return Task.CompletedTask;
    }

    /// <summary>Ends as a well-behaved server does: takes no new calls, and answers those it has.</summary>
    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        using var stop = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(stop.Token);
        await _app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var open = Interlocked.Increment(ref _openCalls);
        InterlockedMax(ref _mostOpenCalls, open);
        try
        {
            await AnswerAsync(context);
        }
        finally
        {
            Interlocked.Decrement(ref _openCalls);
        }
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); seen < value;)
        {
            var before = Interlocked.CompareExchange(ref most, value, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (OnRequest is not null)
        {
            await OnRequest(context);
            return;
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var call = new Call(
            context.Request.Path.Value!,
            context.Request.QueryString.Value!,
            context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            body.ToArray());
        _calls.Enqueue(call);
        await OnCall(context, call);
    }

    /// <summary>One request as it arrived.</summary>
    internal sealed record Call(string Path, string Query, IReadOnlyDictionary<string, string> Headers, byte[] Body)
    {
        /// <summary>The message inside the one gRPC frame of the body.</summary>
        public ReadOnlySpan<byte> Message
        {
            get
            {
                Assert.That(Body, Has.Length.GreaterThanOrEqualTo(5), "The body has no gRPC frame");
                Assert.That(BinaryPrimitives.ReadUInt32BigEndian(Body.AsSpan(1)), Is.EqualTo(Body.Length - 5), "The frame's length is wrong");
                return Body.AsSpan(5);
            }
        }
    }
}
