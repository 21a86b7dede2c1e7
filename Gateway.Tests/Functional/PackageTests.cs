using Gateway.Protocol;
using Gateway.Tests.Support;

namespace Gateway.Tests.Functional;

/// <summary>A deployment with another proto package needs another yarp.json and nothing else.</summary>
[TestFixture]
internal sealed class PackageTests
{
    [Test]
    public async Task RoutesFile_OfAnotherPackage_CallsThatPackageEverywhere()
    {
        var file = Path.GetTempFileName();
        var shipped = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "yarp.json"));
        await File.WriteAllTextAsync(file, shipped.Replace("bite_im", "chen_im", StringComparison.Ordinal));
        try
        {
            await using var service = await StubSubService.StartAsync();
            await using var gateway = await GatewayFixture.StartAsync(service.Address, new()
            {
                ["Gateway:RoutesFile"] = file,
                ["Gateway:Events:LookUpTimeout"] = "00:00:10",
            });
            gateway.Sessions.Set("s-alice", "alice");
            service.AnswerByMethod(new()
            {
                ["FriendAdd"] = new FriendAddRsp { RequestId = "r1", Success = true },
                ["GetMultiUserInfo"] = new GetMultiUserInfoRsp { Success = true },
                ["UserLogin"] = new UserLoginRsp { RequestId = "r1", Success = true },
            });

            await gateway.CallAsync<FriendAddRsp>("/service/friend/add_friend_apply", new FriendAddReq { RequestId = "r1", SessionId = "s-alice", RespondentId = "bob" });
            await gateway.CallAsync<UserLoginRsp>("/service/user/username_login", new UserLoginReq { RequestId = "r1" });

            Assert.That(service.Calls.Select(call => call.Path), Is.EqualTo(new[]
            {
                "/chen_im.FriendService/FriendAdd", "/chen_im.UserService/GetMultiUserInfo", "/chen_im.UserService/UserLogin",
            }));
            Assert.That(gateway.Published.Notifications, Has.Count.EqualTo(1));
        }
        finally
        {
            File.Delete(file);
        }
    }
}
