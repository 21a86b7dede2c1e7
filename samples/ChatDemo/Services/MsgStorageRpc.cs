using ChatDemo.Storage;
using Gateway.Protocol;
using Grpc.Core;

namespace ChatDemo.Services;

/// <summary>Reads stored messages: by time, the latest, or by a word in them. Times are unix seconds.</summary>
internal sealed class MsgStorageRpc(Database database, TimeProvider time) : MsgStorageService.MsgStorageServiceBase
{
    public override Task<GetHistoryMsgRsp> GetHistoryMsg(GetHistoryMsgReq request, ServerCallContext context)
    {
        using var connection = database.Open();
        connection.RequireMember(request.ChatSessionId, request.UserId);
        if (request.StartTime > request.OverTime)
        {
            throw new RefusedException("The start time must not be later than the end time.");
        }

        var messages = connection.FindMessages(request.ChatSessionId, request.StartTime, request.OverTime);
        return Task.FromResult(new GetHistoryMsgRsp { MsgList = { messages } });
    }

    public override Task<GetRecentMsgRsp> GetRecentMsg(GetRecentMsgReq request, ServerCallContext context)
    {
        using var connection = database.Open();
        connection.RequireMember(request.ChatSessionId, request.UserId);
        if (request.MsgCount < 1)
        {
            throw new RefusedException("Ask for at least one message.");
        }

        var before = request.CurTime == 0 ? time.GetUtcNow().ToUnixTimeSeconds() : request.CurTime;
        var messages = connection.FindRecentMessages(request.ChatSessionId, request.MsgCount, before);
        return Task.FromResult(new GetRecentMsgRsp { MsgList = { messages } });
    }

    public override Task<MsgSearchRsp> MsgSearch(MsgSearchReq request, ServerCallContext context)
    {
        using var connection = database.Open();
        connection.RequireMember(request.ChatSessionId, request.UserId);
        if (request.SearchKey.Length == 0)
        {
            throw new RefusedException("Type a word to search for.");
        }

        var messages = connection.SearchMessages(request.ChatSessionId, request.SearchKey);
        return Task.FromResult(new MsgSearchRsp { MsgList = { messages } });
    }
}
