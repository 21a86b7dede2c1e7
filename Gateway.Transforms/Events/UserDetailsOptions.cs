using System.Diagnostics.CodeAnalysis;

namespace Gateway.Transforms.Events;

/// <summary>
/// Where events get nicknames and avatars from: section <c>Gateway:UserDetails</c>, kept in yarp.json because it names a cluster and
/// the proto package.
/// </summary>
public sealed class UserDetailsOptions
{
    public const string SectionName = "Gateway:UserDetails";

    /// <summary>The cluster of the user service. Empty: nobody is looked up, and events tell user ids alone.</summary>
    [AllowNull]
    public string ClusterId { get; set => field = value ?? ""; } = "";

    /// <summary><c>package.UserService/GetMultiUserInfo</c>, or <c>.../GetUserInfo</c> where the service has only that.</summary>
    [AllowNull]
    public string Rpc { get; set => field = value ?? ""; } = "";

    /// <summary>The largest answer, in bytes: avatars come with it. Default 16 MiB.</summary>
    public int MaxAnswer { get; set; } = 16 << 20;
}
