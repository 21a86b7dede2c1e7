using System.Buffers;
using Gateway.Protocol;
using Gateway.Proxy.Routing;
using Gateway.Tests.Support;
using Gateway.Tests.Transforms.Routes;
using Gateway.Transforms.Events;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Schema;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Transforms.Events;

/// <summary>The rules of yarp.json, or others, between two fakes, with a clock that tests move.</summary>
internal sealed class EventHarness : IDisposable
{
    private readonly Dictionary<string, RouteEvents> _routes = new(StringComparer.Ordinal);

    public EventHarness() => Dispatcher = new EventDispatcher(
        Services, Publisher, Options.Create(Settings), Options.Create(UserDetails), Time, Log.CreateLogger<EventDispatcher>());

    public FakeSubServices Services { get; } = new();

    public FakePublisher Publisher { get; } = new();

    public FakeTimeProvider Time { get; } = new();

    public EventOptions Settings { get; } = new();

    public UserDetailsOptions UserDetails { get; } = new() { ClusterId = "user", Rpc = "bite_im.UserService/GetMultiUserInfo" };

    public RecordingLoggerProvider Log { get; } = new();

    public EventDispatcher Dispatcher { get; }

    public static UserInfo Alice => new() { UserId = "alice", Nickname = "Alice", Description = "hi", Phone = "1", Avatar = ByteString.CopyFromUtf8("A") };

    public static UserInfo Bob => new() { UserId = "bob", Nickname = "Bob", Avatar = ByteString.CopyFromUtf8("B") };

    /// <summary>The rules of a route of yarp.json.</summary>
    public RouteEvents Shipped(string routeId)
    {
        if (_routes.Count == 0)
        {
            var settings = new ConfigurationBuilder().AddJsonFile(Path.Combine(AppContext.BaseDirectory, "yarp.json")).Build();
            var set = RouteSettings.Read(settings.GetSection(RoutingExtensions.SectionName), new RouteOrigins(), "", "");
            var parser = Parsers.Routes(rules: Parsers.Rules(Settings, UserDetails));
            foreach (var route in set.Routes)
            {
                if (parser.Parse(route, RpcRouteParser.FindTransform(route)!, [])!.Events is { } events)
                {
                    _routes[route.RouteId] = events;
                }
            }
        }

        return _routes[routeId];
    }

    /// <summary>Rules as they stand beside <c>Rpc</c>; the mistakes in them are added to <paramref name="errors"/>.</summary>
    public RouteEvents? Parse(MethodDescriptor method, IReadOnlyDictionary<string, string> settings, ICollection<string> errors, bool hasCaller = true, params IReadOnlyCollection<FileDescriptor> sets) =>
        Parsers.Rules(Settings, UserDetails).Parse("Route 'r'", "r", "friend", method, hasCaller, method.OutputType.FindFieldByName("success") is null ? null : "success", settings, new RpcCatalog(sets), errors);

    /// <summary>Returns what the client reads.</summary>
    public async Task<byte[]> HandleAsync(RouteEvents events, string caller, byte[] request, byte[] answer, string route = "r")
    {
        await Dispatcher.DispatchAsync(route, events, caller, new ReadOnlySequence<byte>(request), answer);
        byte[] reply = [.. answer];
        return events.Reply is { } fields ? reply[..fields.Edit(reply)] : reply;
    }

    public Task<byte[]> HandleAsync(string route, string caller, IMessage request, IMessage answer) =>
        HandleAsync(Shipped(route), caller, request.ToByteArray(), answer.ToByteArray(), route);

    public void Dispose() => Log.Dispose();
}
