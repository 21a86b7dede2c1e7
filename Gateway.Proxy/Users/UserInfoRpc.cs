namespace Gateway.Proxy.Users;

/// <summary>The name of the look-up call. The proto package in it is the deployment's, so it comes from configuration.</summary>
internal sealed record UserInfoRpc(string Service, string Method)
{
    public const string Many = "GetMultiUserInfo";
    public const string One = "GetUserInfo";

    public static bool TryParse(string text, out UserInfoRpc? rpc)
    {
        rpc = text.Split('/') is [{ Length: > 0 } service, (Many or One) and var method] ? new UserInfoRpc(service, method) : null;
        return rpc is not null;
    }
}
