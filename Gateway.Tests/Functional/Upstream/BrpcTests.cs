using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional.Upstream;

/// <summary>Calls by baidu_std, brpc's own protocol.</summary>
[TestFixture]
internal sealed class BrpcTests : BrpcTest
{
    [Test]
    public async Task Call_IsMadeAndAnswered()
    {
        var message = new GetUserInfoRsp { RequestId = "r1", Success = true, UserInfo = new UserInfo { Nickname = "Alice" } };
        BrpcSubServiceRequest? request = null;
        Service.OnRequest = (connection, received) =>
        {
            request = received;
            return connection.AnswerAsync(received.Id, message.ToByteArray());
        };

        var answer = await Gateway.CallAsync<GetUserInfoRsp>(ReadPath, Alice);

        Assert.That(answer, Is.EqualTo(message));
        Assert.Multiple(() =>
        {
            Assert.That(request!.Service, Is.EqualTo("bite_im.UserService"));
            Assert.That(request.Method, Is.EqualTo("GetUserInfo"));
            Assert.That(request.Timeout, Is.InRange(1, 60_000));
            Assert.That(request.Fields["x-forwarded-for"], Is.EqualTo("127.0.0.1"));
            Assert.That(GetUserInfoReq.Parser.ParseFrom(request.Message), Is.EqualTo(new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice", UserId = "alice" }));
        });
    }

    [Test]
    public async Task Call_EmptyMessages_AreMessages()
    {
        using var response = await Gateway.PostAsync("/service/user/username_login", []).DefaultTimeout();

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        Assert.That(await response.Content.ReadAsByteArrayAsync(), Is.Empty);
    }

    [Test]
    public async Task Calls_FiveHundredAtOnceAnsweredInAnyOrder_EachHasItsOwnAnswer()
    {
        const int AtOnce = 500;
        Assert.That(await CodeAsync(ReadPath), Is.Empty);
        List<(BrpcSubServiceConnection Connection, BrpcSubServiceRequest Request)> waiting = [];
        Service.OnRequest = async (connection, request) =>
        {
            (BrpcSubServiceConnection, BrpcSubServiceRequest)[] all = [];
            lock (waiting)
            {
                waiting.Add((connection, request));
                all = waiting.Count == AtOnce ? [.. waiting] : [];
            }

            new Random(AtOnce).Shuffle(all);
            foreach (var (itsConnection, its) in all)
            {
                var id = GetUserInfoReq.Parser.ParseFrom(its.Message).RequestId;
                await itsConnection.AnswerAsync(its.Id, new GetUserInfoRsp { RequestId = id, Success = true, UserInfo = new UserInfo { Nickname = $"of {id}" } }.ToByteArray());
            }
        };

        var answers = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(i =>
            Gateway.CallAsync<GetUserInfoRsp>(ReadPath, new GetUserInfoReq { RequestId = $"{i}", SessionId = "s-alice" }))).DefaultTimeout();

        Assert.That(answers.Select(answer => answer.UserInfo.Nickname), Is.EqualTo(Enumerable.Range(0, AtOnce).Select(i => $"of {i}")));
        Assert.That(Service.Connections, Is.EqualTo(1));
    }

    [TestCase(1)]
    [TestCase(7)]
    [TestCase(40)]
    public async Task Answer_InPieces_ArrivesWhole(int length)
    {
        var message = new GetUserInfoRsp { RequestId = "r1", Success = true, UserInfo = new UserInfo { Nickname = new string('n', 100) } };
        Service.OnRequest = async (connection, request) =>
        {
            foreach (var piece in BrpcSubServiceConnection.Frame(BrpcSubServiceConnection.Meta(request.Id), message.ToByteArray()).Chunk(length))
            {
                await connection.SendAsync(piece);
            }
        };

        Assert.That(await Gateway.CallAsync<GetUserInfoRsp>(ReadPath, Alice).DefaultTimeout(), Is.EqualTo(message));
    }

    [Test]
    public async Task Answer_WithAnAttachment_IsTheMessageWithoutIt()
    {
        const int Attached = 100_000;
        var message = new GetUserInfoRsp { RequestId = "r1", Success = true, UserInfo = new UserInfo { Nickname = "Alice" } };
        Service.OnRequest = (connection, request) => connection.SendAsync(
            BrpcSubServiceConnection.Frame(BrpcSubServiceConnection.Meta(request.Id, attached: Attached), [.. message.ToByteArray(), .. new byte[Attached]]));

        Assert.That(await Gateway.CallAsync<GetUserInfoRsp>(ReadPath, Alice).DefaultTimeout(), Is.EqualTo(message));
        Assert.That(await Gateway.CallAsync<GetUserInfoRsp>(ReadPath, Alice).DefaultTimeout(), Is.EqualTo(message));
        Assert.That(Service.Connections, Is.EqualTo(1));
    }

    [Test]
    public async Task Transforms_OfARoute_SeeAndSetTheFieldsBesideTheMessages()
    {
        const string Transforms = "ReverseProxy:Routes:user-get-user-info:Transforms:";
        await using var gateway = await StartGatewayAsync(new()
        {
            [Transforms + "1:RequestHeader"] = "x-tenant",
            [Transforms + "1:Set"] = "blue",
            [Transforms + "2:ResponseHeader"] = "x-node",
            [Transforms + "2:Append"] = "seen",
            [Transforms + "3:ResponseHeader"] = "x-torn",
            [Transforms + "3:Append"] = "seen",
        });
        string? tenant = null;
        Service.OnRequest = (connection, request) =>
        {
            tenant = request.Fields["x-tenant"];
            return connection.SendAsync(BrpcSubServiceConnection.Frame(
                BrpcSubServiceConnection.Meta(request.Id, fields: [("x-node", "n1"), ("x-torn", "a\r\nb")]), []));
        };

        using var response = await gateway.PostAsync(ReadPath, Alice.ToByteArray()).DefaultTimeout();

        Assert.That(tenant, Is.EqualTo("blue"));
        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        Assert.That(response.Headers.GetValues("x-node"), Is.EqualTo(new[] { "n1", "seen" }));
        Assert.That(response.Headers.GetValues("x-torn"), Is.EqualTo(new[] { "seen" }), "HTTP could not carry the other one");
    }

    [Test]
    public async Task NotifyingCall_LooksUsersUpByTheSameProtocol()
    {
        Service.OnRequest = (connection, request) => connection.AnswerAsync(request.Id, request.Method switch
        {
            "GetMultiUserInfo" => new GetMultiUserInfoRsp { Success = true, UsersInfo = { ["alice"] = new UserInfo { UserId = "alice", Nickname = "Alice" } } }.ToByteArray(),
            _ => new FriendAddProcessRsp { RequestId = "r1", Success = true, NewSessionId = "c1" }.ToByteArray(),
        });

        await Gateway.CallAsync<FriendAddProcessRsp>(
            "/service/friend/add_friend_process", new FriendAddProcessReq { RequestId = "r1", SessionId = "s-alice", Agree = true, ApplyUserId = "bob" }).DefaultTimeout();

        Assert.That(Gateway.Published.Notifications[0].Message.FriendProcessResult.UserInfo.Nickname, Is.EqualTo("Alice"));
    }

    [Test]
    public async Task Call_ToAnHttpsAddress_IsMadeOverTls()
    {
        using var authority = new TestAuthority();
        var (pem, key) = authority.Issue("users");
        using var certificate = X509Certificate2.CreateFromPem(pem, key);
        await using var users = new BrpcSubService(certificate);
        await using var gateway = await StartGatewayAsync(new()
        {
            ["ReverseProxy:Clusters:user:Destinations:etcd:Address"] = users.Address,
            ["ReverseProxy:Clusters:user:HttpClient:DangerousAcceptAnyServerCertificate"] = "true",
        });

        // The first handshake of a process may take longer than a connection may.
        await Eventually.That(async () => await CodeAsync(gateway, WritePath) is "");
        Assert.That(users.Requests, Is.EqualTo(1));
    }

    [Test]
    public async Task Upload_WithoutItsLength_ArrivesWhole()
    {
        BrpcSubServiceRequest? request = null;
        Service.OnRequest = (connection, received) =>
        {
            request = received;
            return connection.AnswerAsync(received.Id, new PutSingleFileRsp { RequestId = "r1", Success = true }.ToByteArray());
        };
        var upload = new PutSingleFileReq { RequestId = "r1", SessionId = "s-alice", FileData = new FileUploadData { FileContent = ByteString.CopyFrom(new byte[2 << 20]) } };
        using var content = new StreamContent(new MemoryStream(upload.ToByteArray()));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/x-protobuf");
        using var message = new HttpRequestMessage(HttpMethod.Post, UploadPath) { Content = content };
        message.Headers.TransferEncodingChunked = true;

        using var response = await Gateway.Client.SendAsync(message).DefaultTimeout();

        Assert.That((await GatewayFixture.ParseAsync<PutSingleFileRsp>(response)).Success, Is.True);
        upload.UserId = "alice";
        Assert.That(PutSingleFileReq.Parser.ParseFrom(request!.Message), Is.EqualTo(upload));
    }
}
