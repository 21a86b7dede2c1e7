using Gateway.Protocol;
using Google.Protobuf;

namespace Gateway.Chaos.Load;

/// <summary>Calls that the gateway must refuse: with a session that nobody has, and with a body that is no message, in turn.</summary>
internal sealed class RefusedCalls(IReadOnlyList<Caller> gateways)
{
    public const int Clients = 2;

    private const string Path = "/service/user/get_user_info";

    /// <summary>A field whose length goes past the end.</summary>
    private static readonly byte[] NoMessage = [0x0A, 0x7F, 0x01];

    private static readonly byte[] NobodysSession = new GetUserInfoReq { RequestId = "refused", SessionId = "nobody" }.ToByteArray();

    private int _number;

    public async Task<Ending> CallAsync(int client)
    {
        var body = Interlocked.Increment(ref _number) % 2 == 0 ? NoMessage : NobodysSession;
        var (answer, code) = await gateways[client % gateways.Count].CallAsync(Path, body, GetUserInfoRsp.Parser);
        return Ending.Of(!answer.Success && code is not null && answer.UserInfo is null);
    }
}
