using Gateway.Protocol;
using Gateway.Transforms.Events;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Users;

/// <summary>Asks the user service, over gRPC, at the destinations that YARP knows for its cluster.</summary>
internal sealed class GrpcUserDirectory(IOptions<UserDetailsOptions> options, UserServiceChannels channels) : IUserDirectory
{
    private readonly UserInfoRpc? _rpc = UserInfoRpc.TryParse(options.Value.Rpc, out var rpc) ? rpc : null;

    public Task<IReadOnlyDictionary<string, UserInfo>> FindAsync(IReadOnlyCollection<string> userIds, CancellationToken cancellationToken) =>
        _rpc switch
        {
            null => Task.FromResult<IReadOnlyDictionary<string, UserInfo>>(new Dictionary<string, UserInfo>()),
            { Method: UserInfoRpc.Many } => FindManyAsync(_rpc, userIds, cancellationToken),
            _ => FindEachAsync(_rpc, userIds, cancellationToken),
        };

    private async Task<IReadOnlyDictionary<string, UserInfo>> FindManyAsync(
        UserInfoRpc rpc, IReadOnlyCollection<string> userIds, CancellationToken cancellationToken)
    {
        var request = new GetMultiUserInfoReq { RequestId = NewRequestId() };
        request.UsersId.AddRange(userIds);
        var answer = await CallAsync<GetMultiUserInfoReq, GetMultiUserInfoRsp>(rpc, request, cancellationToken);
        return answer.Success
            ? answer.UsersInfo
            : throw new InvalidOperationException($"'{rpc.Method}' of the user service answered success=false: {answer.Errmsg}");
    }

    private async Task<IReadOnlyDictionary<string, UserInfo>> FindEachAsync(
        UserInfoRpc rpc, IReadOnlyCollection<string> userIds, CancellationToken cancellationToken)
    {
        var calls = userIds.ToDictionary(userId => userId, userId => CallAsync<GetUserInfoReq, GetUserInfoRsp>(
            rpc, new GetUserInfoReq { RequestId = NewRequestId(), UserId = userId }, cancellationToken));
        Task all = Task.WhenAll(calls.Values);
        await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        var found = calls.Where(call => call.Value is { IsCompletedSuccessfully: true, Result: { Success: true, UserInfo: not null } })
            .ToDictionary(call => call.Key, call => call.Value.Result.UserInfo);
        if (found.Count == 0)
        {
            // Some are better than none; of none, the reason is thrown.
            await all;
        }

        return found;
    }

    private async Task<TAnswer> CallAsync<TRequest, TAnswer>(UserInfoRpc rpc, TRequest request, CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>
        where TAnswer : class, IMessage<TAnswer>, new()
    {
        var method = new Method<TRequest, TAnswer>(
            MethodType.Unary,
            rpc.Service,
            rpc.Method,
            Marshallers.Create<TRequest>(message => message.ToByteArray(), _ => throw new NotSupportedException("Requests are only sent.")),
            Marshallers.Create<TAnswer>(_ => throw new NotSupportedException("Answers are only received."), new MessageParser<TAnswer>(() => new TAnswer()).ParseFrom));
        var channel = channels.Pick(options.Value.ClusterId)
            ?? throw new InvalidOperationException($"Cluster '{options.Value.ClusterId}' has no instance of the user service.");
        using var call = channel.CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(cancellationToken: cancellationToken), request);
        return await call.ResponseAsync;
    }

    private static string NewRequestId() => Guid.NewGuid().ToString("N");
}
