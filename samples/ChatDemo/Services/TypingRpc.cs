using System.Collections.Concurrent;
using ChatDemo.Members.Protocol;
using ChatDemo.Storage;
using Gateway.Protocol.PushV1;
using Google.Protobuf;
using Grpc.Core;
using PushClient = Gateway.Protocol.PushV1.Push.PushClient;

namespace ChatDemo.Services;

/// <summary>
/// Tells the others in a chat that somebody is typing, or has stopped, by the gateway's push API: no rule could, for whom it is for is known here alone. A client that does
/// not know the event is never told: only users are who have asked, and only while all their sockets speak gateway.notify.v2.
/// </summary>
internal sealed class TypingRpc(Database database, PushClient push, TimeProvider time) : TypingService.TypingServiceBase
{
    private static readonly TimeSpan AskedFor = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(2);

    /// <summary>When each user's page has said that it knows the event.</summary>
    private readonly ConcurrentDictionary<string, DateTimeOffset> _asked = new(StringComparer.Ordinal);

    public override async Task<SetTypingRsp> SetTyping(SetTypingReq request, ServerCallContext context)
    {
        var now = time.GetUtcNow();
        using var connection = database.Open();
        connection.RequireMember(request.ChatSessionId, request.UserId);
        _asked[request.UserId] = now;
        string[] waiting =
        [
            .. connection.FindMemberIds(request.ChatSessionId)
                .Where(member => member != request.UserId && _asked.TryGetValue(member, out var asked) && now - asked < AskedFor),
        ];
        if (waiting.Length == 0)
        {
            return new SetTypingRsp();
        }

        var until = (now + Deadline).UtcDateTime;
        var online = await push.FindOnlineAsync(new FindOnlineRequest { UserIds = { waiting } }, deadline: until);
        var told = online.Users.Where(user => user.Sockets.All(socket => socket.Protocol == "gateway.notify.v2")).Select(user => user.UserId).ToArray();
        if (told.Length > 0)
        {
            var nickname = request.IsTyping ? connection.FindUser(request.UserId)?.Nickname ?? "" : "";
            var message = new NotifyMessage
            {
                NotifyType = NotifyType.TypingNotify,
                Typing = new NotifyTyping { ChatSessionId = request.ChatSessionId, UserId = request.UserId, Nickname = nickname, At = now.ToUnixTimeMilliseconds() },
            };
            await push.PublishAsync(new PublishRequest { UserIds = { told }, Message = message.ToByteString() }, deadline: until);
        }

        return new SetTypingRsp();
    }
}
