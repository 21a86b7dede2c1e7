using Gateway.Proxy.Users;

namespace Gateway.Tests.Proxy.Users;

[TestFixture]
internal sealed class UserDetailsRulesTests
{
    private const string Rpc = "bite_im.UserService/GetMultiUserInfo";

    [Test]
    public void Check_NothingConfigured_IsValid() => Assert.That(Check(new UserDetailsOptions()), Is.Empty);

    [TestCase(Rpc, 1024)]
    [TestCase("chen_im.UserService/GetUserInfo", 1 << 30)]
    public void Check_ClusterAndRpc_AreValid(string rpc, int maxAnswer) =>
        Assert.That(Check(new UserDetailsOptions { ClusterId = "user", Rpc = rpc, MaxAnswer = maxAnswer }), Is.Empty);

    [TestCase("")]
    [TestCase("users")]
    public void Check_NoSuchCluster_IsRefused(string cluster) => Assert.That(Check(new UserDetailsOptions { ClusterId = cluster, Rpc = Rpc }), Is.EqualTo(new[]
    {
        $"Gateway:UserDetails:ClusterId is '{cluster}', which is no cluster; name the cluster of the user service, or leave out the whole section.",
    }));

    [TestCase("")]
    [TestCase("bite_im.UserService")]
    [TestCase("bite_im.UserService/SetUserAvatar")]
    [TestCase("/GetUserInfo")]
    [TestCase("/bite_im.UserService/GetUserInfo")]
    public void Check_OtherRpc_IsRefused(string rpc) => Assert.That(Check(new UserDetailsOptions { ClusterId = "user", Rpc = rpc }), Is.EqualTo(new[]
    {
        $"Gateway:UserDetails:Rpc is '{rpc}'; use 'package.UserService/GetMultiUserInfo' or 'package.UserService/GetUserInfo'.",
    }));

    [TestCase(1023)]
    [TestCase((1 << 30) + 1)]
    [TestCase(-1)]
    public void Check_MaxAnswerOutOfRange_IsRefused(int size) =>
        Assert.That(Check(new UserDetailsOptions { ClusterId = "user", Rpc = Rpc, MaxAnswer = size }), Is.EqualTo(new[]
        {
            $"Gateway:UserDetails:MaxAnswer is {size}; use 1024 to 1073741824 bytes.",
        }));

    [Test]
    public void TryParse_Rpc_IsServiceAndMethod()
    {
        Assert.That(UserInfoRpc.TryParse(Rpc, out var rpc), Is.True);
        Assert.That(rpc, Is.EqualTo(new UserInfoRpc("bite_im.UserService", "GetMultiUserInfo")));
    }

    private static IEnumerable<string> Check(UserDetailsOptions options) =>
        UserDetailsRules.Check(options, new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "user", "friend" });
}
