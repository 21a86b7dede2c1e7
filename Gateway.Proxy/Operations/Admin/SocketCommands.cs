using Gateway.Notify.Delivery;
using Gateway.Notify.Delivery.Redis;
using Gateway.Proxy.Hosting;
using Gateway.Proxy.Routing;
using Gateway.Transforms.Events;
using Gateway.Transforms.Identity;
using StackExchange.Redis;

namespace Gateway.Proxy.Operations.Admin;

/// <summary>Looking at the sockets of one user, on all gateways, and ending or testing them.</summary>
internal sealed partial class SocketCommands(NotifyHub hub, SessionAuthenticator sessions, TestEvent test, RouteProvider routes, ILogger<SocketCommands> logger)
{
    private const int MaxIdLength = 256;
    private const string NameTheUser = "Name the user, as '?user=alice', with at most 256 characters.";

    public async Task<IResult> FindAsync(string? user, CancellationToken cancellationToken) =>
        IsId(user) ? await AskHubAsync(async () => Results.Json(await ListAsync(user!, cancellationToken), ManagementJson.Readable.SocketReportArray)) : Refusal.BadRequest(NameTheUser);

    public async Task<IResult> PublishAsync(string? user, CancellationToken cancellationToken)
    {
        if (!IsId(user))
        {
            return Refusal.BadRequest(NameTheUser);
        }

        if (test.Find(routes.CatalogName) is not var (type, bytes))
        {
            return Refusal.Of(StatusCodes.Status409Conflict, "There is no test event. Say in Gateway:Events:Test which fields it has, and choose an event that clients show nothing for.");
        }

        return await AskHubAsync(async () =>
        {
            var sockets = await ListAsync(user!, cancellationToken);
            await hub.PublishAsync([user!], type, bytes.Length, bytes.CopyTo, cancellationToken);
            Log.Published(logger, Printable.Text(user!));
            return Results.Json(new PublishReport(user!, sockets.Length, type), ManagementJson.Readable.PublishReport);
        });
    }

    /// <summary>Closes a user's sockets, or those of one session. Whether there are any does not matter; the answer says how many were open.</summary>
    public async Task<IResult> DisconnectAsync(DisconnectRequest request, CancellationToken cancellationToken)
    {
        var user = request.User;
        if (request.Session is { } session && user is null)
        {
            var found = await sessions.FindUserAsync(session, cancellationToken);
            if (!found.StoreAnswered)
            {
                return Refusal.Of(StatusCodes.Status503ServiceUnavailable, "Redis does not answer, so the user of this session is not known. Name the user as well.");
            }

            user = found.UserId;
            if (user is null)
            {
                return Refusal.NotFound("Nobody is logged in with this session. To close sockets of a session that has ended, name the user as well.");
            }
        }

        return !IsId(user)
            ? Refusal.BadRequest("Name the user, as '?user=alice' with at most 256 characters, or post { \"session\": \"…\" }.")
            : await AskHubAsync(async () =>
            {
                var sockets = await ListAsync(user!, cancellationToken);
                await hub.DisconnectAsync(user!, request.Session is { } shown ? sessions.NameOf(shown) : null, cancellationToken);
                Log.Disconnected(logger, Printable.Text(user!), request.Session is null ? "all sockets" : "the sockets of one session");
                return Results.Json(new DisconnectReport(user!, request.Session is null ? "all" : "session", sockets.Length), ManagementJson.Readable.DisconnectReport);
            });
    }

    private async Task<SocketReport[]> ListAsync(string user, CancellationToken cancellationToken) =>
    [
        .. (await hub.FindSocketsAsync(user, cancellationToken)).OrderBy(socket => socket.Since).Select(socket => new SocketReport(
            socket.ConnectionId, socket.Node, socket.Protocol, socket.Since)),
    ];

    private static async Task<IResult> AskHubAsync(Func<Task<IResult>> ask)
    {
        try
        {
            return await ask();
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            var fault = RedisFault.Of(exception);
            return Refusal.Of(StatusCodes.Status503ServiceUnavailable, fault.IsOutage
                ? "Redis does not answer, so the gateways cannot be asked for this user's sockets. Try again when it is back."
                : $"Redis refuses to tell of this user's sockets ({fault.Reason}). Give the gateway's Redis user the rights of the hub.");
        }
    }

    private static bool IsId(string? user) => user is { Length: > 0 and <= MaxIdLength };

    private static partial class Log
    {
        [LoggerMessage(1312, LogLevel.Warning, "An operator closed {Which} of user '{UserId}', on all gateways.", EventName = "SocketsDisconnected")]
        public static partial void Disconnected(ILogger logger, string userId, string which);

        [LoggerMessage(1313, LogLevel.Information, "An operator published a test event to user '{UserId}'.", EventName = "TestEventPublished")]
        public static partial void Published(ILogger logger, string userId);
    }
}

/// <summary>One open socket of a user.</summary>
/// <param name="Socket">Its id, unique among all gateways. Not its session.</param>
/// <param name="Node">The gateway that holds it.</param>
/// <param name="Protocol"><c>plain</c> or <c>gateway.notify.v2</c>.</param>
/// <param name="Since">When it was let in.</param>
internal sealed record SocketReport(string Socket, string Node, string Protocol, DateTimeOffset Since);

/// <param name="User">Whose sockets the test event went to.</param>
/// <param name="Sockets">How many these were, on all gateways.</param>
/// <param name="Event">The type of the event.</param>
internal sealed record PublishReport(string User, int Sockets, string Event);

/// <param name="User">Whose sockets were closed.</param>
/// <param name="Closed"><c>all</c>, or those of one <c>session</c>.</param>
/// <param name="OpenBefore">How many sockets the user had, on all gateways.</param>
internal sealed record DisconnectReport(string User, string Closed, int OpenBefore);
