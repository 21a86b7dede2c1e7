using Gateway.Protocol;
using Gateway.Proxy.Resilience;
using Gateway.Transforms.Events;
using Gateway.Transforms.Rpc;
using Google.Protobuf;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy;

namespace Gateway.Proxy.Users;

/// <summary>Asks the user service: an instance of its cluster that could get a client's call as well, and in the same way.</summary>
/// <param name="options">Which cluster and method.</param>
/// <param name="proxy">The clusters as YARP has them.</param>
/// <param name="drained">Instances that get no new calls.</param>
internal sealed class UserServiceDirectory(IOptions<UserDetailsOptions> options, Lazy<IProxyStateLookup> proxy, DrainedDestinations drained) : IUserDirectory
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
        var answer = await CallAsync(rpc, request, GetMultiUserInfoRsp.Parser, cancellationToken);
        return answer.Success
            ? answer.UsersInfo
            : throw new InvalidOperationException($"'{rpc.Method}' of the user service answered success=false: {answer.Errmsg}");
    }

    private async Task<IReadOnlyDictionary<string, UserInfo>> FindEachAsync(
        UserInfoRpc rpc, IReadOnlyCollection<string> userIds, CancellationToken cancellationToken)
    {
        var calls = userIds.ToDictionary(userId => userId, userId => CallAsync(
            rpc, new GetUserInfoReq { RequestId = NewRequestId(), UserId = userId }, GetUserInfoRsp.Parser, cancellationToken));
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

    private async Task<TAnswer> CallAsync<TAnswer>(UserInfoRpc rpc, IMessage request, MessageParser<TAnswer> parser, CancellationToken cancellationToken)
        where TAnswer : IMessage<TAnswer>
    {
        var clusterId = options.Value.ClusterId;
        if (!proxy.Value.TryGetCluster(clusterId, out var cluster)
            || drained.Without(cluster.ClusterId, cluster.DestinationsState.AvailableDestinations) is not { Count: > 0 } instances)
        {
            throw new InvalidOperationException($"Cluster '{clusterId}' has no instance of the user service.");
        }

        var instance = instances[Random.Shared.Next(instances.Count)].Model.Config.Address;
        return await OwnCall.SendAsync(cluster.Model, instance, $"/{rpc.Service}/{rpc.Method}", request, parser, options.Value.MaxAnswer, cancellationToken);
    }

    private static string NewRequestId() => Guid.NewGuid().ToString("N");
}
