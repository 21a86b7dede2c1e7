using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Support;

/// <summary>
/// An API server of Kubernetes that knows EndpointSlices and no more. It lists and watches as the real one does, with versions, history and bookmarks;
/// what it sends is made of the types of the official client. And it breaks and lies as the real one can.
/// </summary>
internal sealed class FakeApiServer : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, V1EndpointSlice> _slices = [];
    private readonly List<(long Version, string Type, V1EndpointSlice Slice)> _history = [];
    private readonly List<Watch> _watches = [];
    private readonly X509Certificate2? _certificate;
    private WebApplication _app;
    private long _version = 1000;
    private long _oldest = 1000;

    private FakeApiServer(X509Certificate2? certificate)
    {
        _certificate = certificate;
        _app = null!;
    }

    /// <summary>The port stays the same when the server is stopped and started again.</summary>
    public int Port { get; } = LoopbackPort.Free();

    public string Address => $"{(_certificate is null ? "http" : "https")}://127.0.0.1:{Port}";

    /// <summary>The token that has to be shown; null for none.</summary>
    public string? Token { get; set; }

    /// <summary>Answers lists or watches in another way; returns false to have them answered as usual.</summary>
    public Func<HttpContext, bool, Task<bool>> OnRequest { get; set; } = (_, _) => Task.FromResult(false);

    public int Lists { get; private set; }

    /// <summary>Watches that were agreed to.</summary>
    public int Watches { get; private set; }

    public int OpenWatches => Locked(() => _watches.Count);

    /// <summary>The protocol, path and token of each request.</summary>
    public List<(string Protocol, string Path, string? Token)> Requests { get; } = [];

    public static async Task<FakeApiServer> StartAsync(X509Certificate2? certificate = null)
    {
        var server = new FakeApiServer(certificate);
        await server.StartAsync();
        return server;
    }

    /// <summary>A slice of one port called <c>grpc</c>.</summary>
    public static V1EndpointSlice Slice(string name, int port, params V1Endpoint[] endpoints) => new()
    {
        ApiVersion = "discovery.k8s.io/v1",
        Kind = "EndpointSlice",
        AddressType = endpoints.Any(endpoint => endpoint.Addresses[0].Contains(':', StringComparison.Ordinal)) ? "IPv6" : "IPv4",
        Metadata = new V1ObjectMeta
        {
            Name = name,
            NamespaceProperty = "chat",
            Labels = new Dictionary<string, string> { ["kubernetes.io/service-name"] = "user", ["endpointslice.kubernetes.io/managed-by"] = "endpointslice-controller.k8s.io" },
        },
        Endpoints = endpoints,
        Ports = [new Discoveryv1EndpointPort { Name = "grpc", Port = port, Protocol = "TCP" }],
    };

    /// <summary>A pod, ready unless said otherwise.</summary>
    public static V1Endpoint Pod(string name, string address = "127.0.0.1", bool? ready = true, bool? serving = null, bool? terminating = null, string? zone = null) => new()
    {
        Addresses = [address],
        Conditions = new V1EndpointConditions { Ready = ready, Serving = serving ?? ready, Terminating = terminating ?? false },
        TargetRef = new V1ObjectReference { Kind = "Pod", Name = name, NamespaceProperty = "chat", Uid = $"uid-{name}" },
        NodeName = "node-1",
        Zone = zone,
    };

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, Port, listen =>
        {
            listen.Protocols = _certificate is null ? HttpProtocols.Http1 : HttpProtocols.Http1AndHttp2;
            if (_certificate is not null)
            {
                listen.UseHttps(_certificate);
            }
        }));
        builder.Services.AddLogging();
        _app = builder.Build();
        _app.Run(AnswerAsync);
        await _app.StartAsync();
    }

    /// <summary>Goes away, with all its connections.</summary>
    public async Task StopAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        BreakWatches();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    /// <summary>Writes a slice, new or changed; watches are told.</summary>
    public void Set(V1EndpointSlice slice) => Change(_slices.ContainsKey(slice.Name()) ? "MODIFIED" : "ADDED", slice);

    public void Remove(string name) => Change("DELETED", Locked(() => _slices[name]));

    /// <summary>Changes slices without telling watches, as a server does whose watch cache has stopped.</summary>
    public void SetSilently(V1EndpointSlice slice) => Locked(() => _slices[slice.Name()] = Stamp(slice));

    /// <summary>Forgets what was before: watches from older versions get 410.</summary>
    public void Compact() => Locked(() => _oldest = ++_version);

    public void Bookmark() => SendLine(Line("BOOKMARK", new V1EndpointSlice
    {
        ApiVersion = "discovery.k8s.io/v1", Kind = "EndpointSlice", Metadata = new V1ObjectMeta { ResourceVersion = $"{_version}" },
    }));

    /// <summary>Ends all watches as their time-out does.</summary>
    public void CloseWatches() => Each(watch => watch.Lines.Writer.TryComplete());

    /// <summary>Cuts the connections of all watches.</summary>
    public void BreakWatches() => Each(watch => watch.Cut.Cancel());

    /// <summary>Has all watches deliver a line of any kind.</summary>
    public void SendLine(string line) => Send(line + "\n");

    public void Send(string text) => Each(watch => watch.Lines.Writer.TryWrite(text));

    public void SendError(int code, string reason, string message) => SendLine(Line("ERROR", Status(code, reason, message)));

    /// <summary>Of this type the official client can only read.</summary>
    public static JsonObject Status(int code, string reason, string message) => new()
    {
        ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Failure", ["message"] = message, ["reason"] = reason, ["code"] = code,
    };

    public static async Task RefuseAsync(HttpContext context, int code, string reason, string message)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(Status(code, reason, message).ToJsonString());
    }

    public static string Line<T>(string type, T item) => $$"""{"type":"{{type}}","object":{{(item is JsonObject json ? json.ToJsonString() : KubernetesJson.Serialize(item))}}}""";

    public async ValueTask DisposeAsync() => await StopAsync();

    private void Change(string type, V1EndpointSlice slice)
    {
        Watch[] told;
        string line;
        lock (_lock)
        {
            slice = Stamp(slice);
            if (type == "DELETED")
            {
                _slices.Remove(slice.Name());
            }
            else
            {
                _slices[slice.Name()] = slice;
            }

            _history.Add((_version, type, slice));
            line = Line(type, slice) + "\n";
            told = [.. _watches.Where(watch => watch.Wants(slice))];
        }

        foreach (var watch in told)
        {
            watch.Lines.Writer.TryWrite(line);
        }
    }

    /// <summary>A copy of the next version: what was sent does not change afterwards.</summary>
    private V1EndpointSlice Stamp(V1EndpointSlice slice)
    {
        var copy = KubernetesJson.Deserialize<V1EndpointSlice>(KubernetesJson.Serialize(slice));
        copy.Metadata.ResourceVersion = $"{++_version}";
        return copy;
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var token = context.Request.Headers.Authorization.FirstOrDefault()?["Bearer ".Length..];
        var isWatch = context.Request.Query["watch"].FirstOrDefault() is "1" or "true";
        Locked(() => Requests.Add((context.Request.Protocol, context.Request.Path + context.Request.QueryString, token)));
        if (await OnRequest(context, isWatch))
        {
            return;
        }

        if (Token is not null && token != Token)
        {
            await RefuseAsync(context, 401, "Unauthorized", "Unauthorized");
            return;
        }

        var parts = context.Request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts is not ["apis", "discovery.k8s.io", "v1", "namespaces", var space, "endpointslices"])
        {
            await RefuseAsync(context, 404, "NotFound", "the server could not find the requested resource");
            return;
        }

        var label = context.Request.Query["labelSelector"].First()!.Split('=');
        bool Wants(V1EndpointSlice slice) => slice.Namespace() == space && slice.Labels().TryGetValue(label[0], out var value) && value == label[1];
        context.Response.ContentType = "application/json";
        await (isWatch ? WatchAsync(context, Wants) : ListAsync(context, Wants));
    }

    private Task ListAsync(HttpContext context, Func<V1EndpointSlice, bool> wants)
    {
        var list = Locked(() =>
        {
            Lists++;
            return new V1EndpointSliceList
            {
                ApiVersion = "discovery.k8s.io/v1",
                Kind = "EndpointSliceList",
                Metadata = new V1ListMeta { ResourceVersion = $"{_version}" },
                Items = [.. _slices.Values.Where(wants)],
            };
        });
        return context.Response.WriteAsync(KubernetesJson.Serialize(list));
    }

    private async Task WatchAsync(HttpContext context, Func<V1EndpointSlice, bool> wants)
    {
        var from = long.Parse(context.Request.Query["resourceVersion"].First()!, provider: null);
        // Not disposed of: a test may cut it in the moment in which it ends.
        var watch = new Watch(CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted), wants, Channel.CreateUnbounded<string>());
        var gone = watch.Cut.Token;
        lock (_lock)
        {
            Watches++;
            _watches.Add(watch);
            var missed = from < _oldest
                ? [Line("ERROR", Status(410, "Expired", $"too old resource version: {from} ({_oldest})"))]
                : _history.Where(change => change.Version > from && wants(change.Slice)).Select(change => Line(change.Type, change.Slice));
            foreach (var line in missed)
            {
                watch.Lines.Writer.TryWrite(line + "\n");
            }
        }

        try
        {
            await context.Response.StartAsync(gone);
            await context.Response.Body.FlushAsync(gone);
            await foreach (var text in watch.Lines.Reader.ReadAllAsync(gone))
            {
                await context.Response.WriteAsync(text, gone);
                await context.Response.Body.FlushAsync(gone);
            }
        }
        catch (OperationCanceledException)
        {
            context.Abort();
        }
        finally
        {
            Locked(() => _watches.Remove(watch));
        }
    }

    private void Each(Action<Watch> action)
    {
        foreach (var watch in Locked(() => _watches.ToArray()))
        {
            action(watch);
        }
    }

    private T Locked<T>(Func<T> read)
    {
        lock (_lock)
        {
            return read();
        }
    }

    private void Locked(Action change)
    {
        lock (_lock)
        {
            change();
        }
    }

    private sealed record Watch(CancellationTokenSource Cut, Func<V1EndpointSlice, bool> Wants, Channel<string> Lines);
}
