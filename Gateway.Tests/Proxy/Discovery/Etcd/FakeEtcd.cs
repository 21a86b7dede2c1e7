using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using Etcdserverpb;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Mvccpb;

namespace Gateway.Tests.Proxy.Discovery.Etcd;

/// <summary>
/// An etcd that does what a real one does only on its worst days. Range answers <see cref="Pairs"/>; each watch runs
/// <see cref="OnWatch"/>, and its stream ends normally when that returns.
/// </summary>
internal sealed class FakeEtcd : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeEtcd()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        _app = builder.Build();
        _app.MapPost("/etcdserverpb.KV/Range", RangeAsync);
        _app.MapPost("/etcdserverpb.Watch/Watch", WatchAsync);
        Map("Lease/LeaseGrant", LeaseGrantRequest.Parser, request => new LeaseGrantResponse { Header = Header(), ID = request.ID, TTL = request.TTL });
        Map("KV/Put", PutRequest.Parser, _ => new PutResponse { Header = Header() });
        Map("Lease/LeaseKeepAlive", LeaseKeepAliveRequest.Parser, request => new LeaseKeepAliveResponse { Header = Header(), ID = request.ID, TTL = 3 });
        Map("Lease/LeaseRevoke", LeaseRevokeRequest.Parser, _ => new LeaseRevokeResponse { Header = Header() });
    }

    public string Endpoint => _app.Urls.Single();

    public ulong ClusterId { get; set; } = 7;

    public long Revision { get; set; } = 5;

    /// <summary>Key and value of each registration, below <c>/service/</c>.</summary>
    public Dictionary<string, string> Pairs { get; } = [];

    /// <summary>What a range waits for before it answers.</summary>
    public Task BeforeRange { get; set; } = Task.CompletedTask;

    public Func<FakeWatch, Task> OnWatch { get; set; } = watch => watch.StayOpenAsync();

    public int Watches { get; private set; }

    /// <summary>What an instance that registers has asked for.</summary>
    public ConcurrentQueue<IMessage> Asked { get; } = [];

    /// <summary>What such a request waits for before it is answered; an exception leaves it without an answer.</summary>
    public Func<IMessage, Task> BeforeAnswer { get; set; } = _ => Task.CompletedTask;

    public static async Task<FakeEtcd> StartAsync()
    {
        var etcd = new FakeEtcd();
        await etcd._app.StartAsync();
        return etcd;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private ResponseHeader Header() => new() { ClusterId = ClusterId, Revision = Revision };

    private KeyValue Pair(string key, string value) => new()
    {
        Key = ByteString.CopyFromUtf8("/service/" + key),
        Value = ByteString.CopyFromUtf8(value),
        ModRevision = Revision,
    };

    private void Map<TRequest>(string path, MessageParser<TRequest> parser, Func<TRequest, IMessage> answer)
        where TRequest : IMessage<TRequest> =>
        _app.MapPost($"/etcdserverpb.{path}", async context =>
        {
            var head = new byte[5];
            await context.Request.Body.ReadExactlyAsync(head, context.RequestAborted);
            var body = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1))];
            await context.Request.Body.ReadExactlyAsync(body, context.RequestAborted);
            var request = parser.ParseFrom(body);
            Asked.Enqueue(request);
            await BeforeAnswer(request).WaitAsync(context.RequestAborted);
            StartAnswer(context);
            await WriteAsync(context, answer(request));
            EndAnswer(context);
        });

    private async Task RangeAsync(HttpContext context)
    {
        await BeforeRange;
        StartAnswer(context);
        RangeResponse answer;
        lock (Pairs)
        {
            answer = new RangeResponse { Header = Header(), Kvs = { Pairs.Select(pair => Pair(pair.Key, pair.Value)) } };
        }

        await WriteAsync(context, answer);
        EndAnswer(context);
    }

    private async Task WatchAsync(HttpContext context)
    {
        Watches++;
        StartAnswer(context);
        await WriteAsync(context, new WatchResponse { Header = Header(), Created = true });
        await OnWatch(new FakeWatch(this, context));
        EndAnswer(context);
    }

    private static void StartAnswer(HttpContext context)
    {
        context.Response.ContentType = "application/grpc";
        context.Response.DeclareTrailer("grpc-status");
    }

    private static void EndAnswer(HttpContext context)
    {
        if (!context.Items.ContainsKey("status"))
        {
            context.Response.AppendTrailer("grpc-status", "0");
        }
    }

    private static async Task WriteAsync(HttpContext context, IMessage message)
    {
        var frame = new byte[5 + message.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), frame.Length - 5);
        message.WriteTo(frame.AsSpan(5));
        await context.Response.Body.WriteAsync(frame, context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    /// <summary>One open watch, as the script of a test sees it.</summary>
    internal sealed class FakeWatch(FakeEtcd etcd, HttpContext context)
    {
        public Task SendAsync(Action<WatchResponse> fill)
        {
            var response = new WatchResponse { Header = etcd.Header() };
            fill(response);
            return WriteAsync(context, response);
        }

        public void EndWith(int grpcStatus)
        {
            context.Items["status"] = grpcStatus;
            context.Response.AppendTrailer("grpc-status", $"{grpcStatus}");
        }

        /// <summary>Says nothing more until the client has gone.</summary>
        public Task StayOpenAsync() => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
    }
}
