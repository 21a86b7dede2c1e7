using System.Threading.RateLimiting;
using Gateway.Notify.Delivery;
using Gateway.Notify.Delivery.Redis;
using Gateway.Protocol.PushV1;
using Gateway.Proxy.Hosting;
using Gateway.Proxy.Routing;
using Gateway.Transforms.Events;
using Gateway.Transforms.Identity;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Gateway.Proxy.Push;

/// <summary>What sub-services may ask for, whether they say it by gRPC or as JSON. What is refused is an <see cref="RpcException"/>.</summary>
internal sealed partial class PushCommands : IDisposable
{
    private const int MaxKeyLength = 128;
    private const string Api = "api";

    private readonly NotifyHub _hub;
    private readonly SessionAuthenticator _sessions;
    private readonly GivenEvent _events;
    private readonly RouteProvider _routes;
    private readonly IPublishedKeys _keys;
    private readonly PushOptions _options;
    private readonly PushMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly RedisFaultLog _told;
    private readonly TokenBucketRateLimiter _rate;

    public PushCommands(
        NotifyHub hub, SessionAuthenticator sessions, GivenEvent events, RouteProvider routes, IPublishedKeys keys, IOptions<PushOptions> options, PushMetrics metrics,
        TimeProvider time, ILogger<PushCommands> logger)
    {
        (_hub, _sessions, _events, _routes, _keys, _options, _metrics, _time, _logger) = (hub, sessions, events, routes, keys, options.Value, metrics, time, logger);
        _told = new RedisFaultLog(time);
        _rate = new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions
        {
            TokenLimit = _options.MaxRate,
            TokensPerPeriod = _options.MaxRate,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
        });
    }

    public void Dispose() => _rate.Dispose();

    public async Task<PublishResponse> PublishAsync(PublishRequest request, CancellationToken cancellationToken)
    {
        var answer = await RunAsync("publish", () => PublishAsync(request), cancellationToken, failed: () => _metrics.Came(Api, "refused"));
        _metrics.Came(Api, answer.Duplicate ? "duplicate" : answer.Incomplete ? "incomplete" : "taken");
        return answer;
    }

    public Task<FindOnlineResponse> FindOnlineAsync(FindOnlineRequest request, CancellationToken cancellationToken) => RunAsync(
        "find-online",
        async () =>
        {
            var users = Distinct(request.UserIds);
            var sockets = await Task.WhenAll(users.Select(user => _hub.FindSocketsAsync(user, cancellationToken)));
            return new FindOnlineResponse { Users = { users.Zip(sockets).Where(user => user.Second.Count > 0).Select(user => Report(user.First, user.Second)) } };
        },
        cancellationToken);

    public Task<DisconnectResponse> DisconnectAsync(DisconnectRequest request, CancellationToken cancellationToken) => RunAsync(
        "disconnect",
        async () =>
        {
            var session = request.SessionId.Length > 0 ? request.SessionId : null;
            var user = request.UserId.Length > 0 || session is null ? request.UserId : await FindUserAsync(session, cancellationToken);
            CheckId(user);
            var sockets = await _hub.FindSocketsAsync(user, cancellationToken);
            await _hub.DisconnectAsync(user, session is null ? null : _sessions.NameOf(session), cancellationToken);
            Log.Disconnected(_logger, Printable.Text(user), session is null ? "all sockets" : "the sockets of one session");
            return new DisconnectResponse { UserId = user, OpenBefore = sockets.Count };
        },
        cancellationToken);

    private async Task<PublishResponse> PublishAsync(PublishRequest request)
    {
        var users = Distinct(request.UserIds);
        var (type, bytes) = Read(request);
        var key = request.IdempotencyKey;
        if (key.Length > MaxKeyLength)
        {
            throw Refused(StatusCode.InvalidArgument, $"The idempotency key has {key.Length} characters; use at most {MaxKeyLength}.");
        }

        switch (key.Length == 0 ? KeyState.New : await _keys.ClaimAsync(key))
        {
            case KeyState.Published:
                return new PublishResponse { Duplicate = true };
            case KeyState.UnderWay:
                throw Refused(StatusCode.Aborted, "An event with this idempotency key is being published; call again in a moment.");
        }

        var isPublished = false;
        try
        {
            // Not the caller's token: what has been begun is told to all, also when the caller has gone.
            var isTaken = await _hub.PublishAsync(users, type, bytes.Length, bytes.CopyTo, CancellationToken.None);
            isPublished = true;
            return new PublishResponse { Incomplete = !isTaken };
        }
        finally
        {
            if (key.Length > 0)
            {
                await SettleAsync(key, isPublished);
            }
        }
    }

    private (string Type, byte[] Bytes) Read(PublishRequest request)
    {
        var (type, bytes) = request.EventCase switch
        {
            PublishRequest.EventOneofCase.Message => (GivenEvent.Nameless, request.Message.ToByteArray()),
            PublishRequest.EventOneofCase.Fields => Encode(request.Fields),
            _ => throw Refused(StatusCode.InvalidArgument, "There is no event; set 'message' to its bytes, or 'fields' to its fields."),
        };
        return bytes.Length > _options.MaxEventSize
            ? throw Refused(StatusCode.InvalidArgument, $"The event has {bytes.Length} bytes, and {PushOptions.SectionName}:{nameof(PushOptions.MaxEventSize)} allows {_options.MaxEventSize}.")
            : GivenEvent.IsMessage(bytes) ? (type, bytes)
            : throw Refused(StatusCode.InvalidArgument, bytes.Length > 0 ? "The event is no protobuf message." : request.EventCase == PublishRequest.EventOneofCase.Fields
                ? "The event is empty: all its fields have their default values, which proto3 does not write. Give one another value."
                : "The event is empty; set 'message' to its bytes, or 'fields' to its fields.");
    }

    private (string Type, byte[] Bytes) Encode(Struct fields)
    {
        try
        {
            return _events.Encode(_routes.CatalogName, fields);
        }
        catch (FormatException exception)
        {
            throw Refused(StatusCode.InvalidArgument, $"{exception.Message.TrimEnd('.')}.");
        }
    }

    /// <summary>The event has been told, or not; that its key cannot be settled changes nothing about that.</summary>
    private async Task SettleAsync(string key, bool isPublished)
    {
        try
        {
            await _keys.SettleAsync(key, isPublished);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            Tell(RedisFault.Of(exception));
        }
    }

    private async Task<string> FindUserAsync(string session, CancellationToken cancellationToken)
    {
        var found = await _sessions.FindUserAsync(session, cancellationToken);
        return found switch
        {
            { StoreAnswered: false } => throw Refused(StatusCode.Unavailable, "Redis does not answer, so the user of this session is not known. Name the user as well."),
            { UserId: null } => throw Refused(StatusCode.NotFound, "Nobody is logged in with this session. To close sockets of a session that has ended, name the user as well."),
            { UserId: { } user } => user,
        };
    }

    private List<string> Distinct(RepeatedField<string> users)
    {
        if (users.Count == 0 || users.Count > _options.MaxUsers)
        {
            throw Refused(StatusCode.InvalidArgument, $"The request names {users.Count} users; name 1 to {_options.MaxUsers} ({PushOptions.SectionName}:{nameof(PushOptions.MaxUsers)}).");
        }

        foreach (var user in users)
        {
            CheckId(user);
        }

        return [.. users.Distinct(StringComparer.Ordinal)];
    }

    private static void CheckId(string user)
    {
        if (user.Length is 0 or > PushOptions.MaxIdLength)
        {
            throw Refused(StatusCode.InvalidArgument, $"A user id has {user.Length} characters; use 1 to {PushOptions.MaxIdLength}.");
        }
    }

    private static OnlineUser Report(string user, IReadOnlyList<SocketInfo> sockets) => new()
    {
        UserId = user,
        Sockets =
        {
            sockets.OrderBy(socket => socket.Since).Select(socket => new Socket
            {
                SocketId = socket.ConnectionId,
                Gateway = socket.Node,
                Protocol = socket.Protocol,
                Since = Timestamp.FromDateTimeOffset(socket.Since),
            }),
        },
    };

    /// <summary>Does what was asked for, within the limits, and counts how it ended.</summary>
    private async Task<T> RunAsync<T>(string method, Func<Task<T>> work, CancellationToken cancellationToken, Action? failed = null)
    {
        var start = _time.GetTimestamp();
        var result = "OK";
        try
        {
            using var lease = _rate.AttemptAcquire();
            return lease.IsAcquired
                ? await work().WaitAsync(_options.Timeout, _time, cancellationToken)
                : throw Refused(StatusCode.ResourceExhausted, $"More requests than {PushOptions.SectionName}:{nameof(PushOptions.MaxRate)} allows came within a second; call again in a moment.");
        }
        catch (Exception exception) when (Describe(exception, start) is { } status)
        {
            result = PushStatus.NameOf(status.StatusCode);
            failed?.Invoke();
            throw new RpcException(status);
        }
        finally
        {
            _metrics.Ended(method, result, _time.GetElapsedTime(start));
        }
    }

    private Status? Describe(Exception exception, long start)
    {
        switch (exception)
        {
            case RpcException refused:
                return refused.Status;
            case OperationCanceledException:
                return new Status(StatusCode.Cancelled, "The caller has gone.");
            case TimeoutException when _time.GetElapsedTime(start) >= _options.Timeout:
                return new Status(StatusCode.DeadlineExceeded, $"This took longer than {PushOptions.SectionName}:{nameof(PushOptions.Timeout)} allows.");
            case RedisException or TimeoutException:
                var fault = RedisFault.Of(exception);
                Tell(fault);
                return new Status(StatusCode.Unavailable, fault.IsOutage
                    ? "Redis does not answer. Call again when it is back."
                    : $"Redis refuses what this needs ({fault.Reason}). Give the gateway's Redis user the rights of the hub.");
            default:
                return null;
        }
    }

    private void Tell(RedisFault fault)
    {
        if (_told.IsNews(fault))
        {
            Log.Failed(_logger, fault.Reason);
        }
    }

    private static RpcException Refused(StatusCode code, string sentence) => new(new Status(code, sentence));

    private static partial class Log
    {
        [LoggerMessage(1331, LogLevel.Information, "A sub-service closed {Which} of user '{UserId}', on all gateways.", EventName = "PushDisconnected")]
        public static partial void Disconnected(ILogger logger, string userId, string which);

        [LoggerMessage(1332, LogLevel.Warning, "A request of a sub-service failed at Redis: {Reason}.", EventName = "PushFailed")]
        public static partial void Failed(ILogger logger, string reason);
    }
}

/// <summary>The push API as gRPC.</summary>
internal sealed class PushGrpc(PushCommands commands) : Protocol.PushV1.Push.PushBase
{
    public override Task<PublishResponse> Publish(PublishRequest request, ServerCallContext context) => commands.PublishAsync(request, context.CancellationToken);

    public override Task<FindOnlineResponse> FindOnline(FindOnlineRequest request, ServerCallContext context) => commands.FindOnlineAsync(request, context.CancellationToken);

    public override Task<DisconnectResponse> Disconnect(DisconnectRequest request, ServerCallContext context) => commands.DisconnectAsync(request, context.CancellationToken);
}
