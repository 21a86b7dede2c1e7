using Gateway.Protocol;
using Gateway.Tests.Support;
using Gateway.Transforms.Identity;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Functional;

/// <summary>The sub-service is told who is calling by the gateway alone, whatever the client wrote.</summary>
[TestFixture]
internal sealed class IdentityTests : GatewayTest
{
    /// <summary>Every route that asks for a session, with the number of user_id in its request.</summary>
    public static IEnumerable<TestCaseData> Routes()
    {
        yield return Case(GetUserInfoPath, 2, 3);
        yield return Case("/service/friend/get_friend_list", 2, 3);
        yield return Case("/service/friend/search_friend", 4, 3);
        yield return Case("/service/friend/get_chat_session_member", 3, 2);
        yield return Case("/service/message_storage/get_history", 5, 6);
        yield return Case("/service/message_storage/get_recent", 5, 6);
        yield return Case("/service/message_storage/search_history", 2, 3);
        yield return Case("/service/file/get_single_file", 3, 4);
        yield return Case("/service/file/put_multi_file", 2, 3);
        yield return Case("/service/speech/recognition", 3, 4);

        static TestCaseData Case(string path, int userId, int sessionId) => new(path, userId, sessionId);
    }

    [TestCaseSource(nameof(Routes))]
    public async Task Call_ForgedUserId_ArrivesAsTheSessionsUserOnly(string path, int userId, int sessionId)
    {
        byte[] body = [.. Field(userId, "mallory"), .. Field(1, "r1"), .. Field(sessionId, "s-alice"), .. Field(userId, "mallory2")];

        using var response = await Gateway.PostAsync(path, body);

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        byte[] expected = [.. Field(1, "r1"), .. Field(sessionId, "s-alice"), .. Field(userId, "alice")];
        Assert.That(Service.LastCall.Message.ToArray(), Is.EqualTo(expected));
    }

    [Test]
    public async Task Call_ForgedUserIdOfAnotherWireType_IsTakenOut()
    {
        byte[] body = [0x10, 0x01, .. Field(3, "s-alice"), 0x15, 1, 2, 3, 4, 0x11, 1, 2, 3, 4, 5, 6, 7, 8];

        using var response = await Gateway.PostAsync(GetUserInfoPath, body);

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        byte[] expected = [.. Field(3, "s-alice"), .. Field(2, "alice")];
        Assert.That(Service.LastCall.Message.ToArray(), Is.EqualTo(expected));
    }

    [Test]
    public async Task Call_UnknownFields_ArriveUntouched()
    {
        byte[] body = [.. Field(3, "s-alice"), .. Field(99, "of a newer client")];

        using var response = await Gateway.PostAsync(GetUserInfoPath, body);

        byte[] expected = [.. body, .. Field(2, "alice")];
        Assert.That(Service.LastCall.Message.ToArray(), Is.EqualTo(expected));
    }

    [Test]
    public async Task Call_TruncatedTailThatWouldSwallowTheUserId_IsRefused()
    {
        byte[] body = [.. Field(1, "r1"), .. Field(3, "s-alice"), 0x9A, 0x06, 7];

        await AssertRefusedAsync(await Gateway.PostAsync(GetUserInfoPath, body), "bad-request");
    }

    [Test]
    public async Task Call_NoSession_IsRefused() =>
        await AssertRefusedAsync(await PostAsync(GetUserInfoPath, new GetUserInfoReq { RequestId = "r1", UserId = "alice" }), "session-invalid");

    [Test]
    public async Task Call_EmptyBodyWhereASessionIsNeeded_IsRefused() =>
        await AssertRefusedAsync(await Gateway.PostAsync(GetUserInfoPath, []), "session-invalid", requestId: "");

    [TestCase("s-nobody")]
    [TestCase("S-ALICE")]
    [TestCase("s-alice ")]
    [TestCase("s-alice\n")]
    [TestCase("session:s-alice")]
    [TestCase("*")]
    [TestCase("会话")]
    public async Task Call_SessionThatIsNone_IsRefused(string sessionId) =>
        await AssertRefusedAsync(await PostAsync(GetUserInfoPath, new GetUserInfoReq { RequestId = "r1", SessionId = sessionId }), "session-invalid");

    [Test]
    public async Task Call_SessionIdTooLong_IsRefused() =>
        await AssertRefusedAsync(await PostAsync(GetUserInfoPath, new GetUserInfoReq { RequestId = "r1", SessionId = new string('s', 129) }), "session-invalid");

    [Test]
    public async Task Call_TwoSessionsThatDiffer_IsRefused()
    {
        byte[] body = [.. Field(1, "r1"), .. Field(3, "s-alice"), .. Field(3, "s-bob")];

        await AssertRefusedAsync(await Gateway.PostAsync(GetUserInfoPath, body), "bad-request");
    }

    [Test]
    public async Task Call_SessionEndedMeanwhile_IsRefused()
    {
        using var before = await PostAsync(GetUserInfoPath, Alice);
        Assert.That(GatewayFixture.ErrorCode(before), Is.Empty);

        Gateway.Sessions.Remove("s-alice");

        await AssertFailedAsync(await PostAsync(GetUserInfoPath, Alice), "session-invalid");
        Assert.That(Service.Calls, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task AnonymousCall_NeedsNoSessionAndIsAskedForNone()
    {
        await using var gateway = await StartWithStoreAsync(SessionLookup.StoreDown);

        using var response = await gateway.PostAsync(AnonymousPath, new UserLoginReq { RequestId = "r1", Nickname = "alice" }.ToByteArray());

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        Assert.That(UserLoginReq.Parser.ParseFrom(Service.LastCall.Message), Is.EqualTo(new UserLoginReq { RequestId = "r1", Nickname = "alice" }));
    }

    [Test]
    public async Task Store_Down_IsToldAsThat()
    {
        await using var gateway = await StartWithStoreAsync(SessionLookup.StoreDown);

        await AssertRefusedAsync(await gateway.PostAsync(GetUserInfoPath, Alice.ToByteArray()), "session-store-down");
    }

    [Test]
    public async Task Store_EmptyUserId_IsNobody()
    {
        await using var gateway = await StartWithStoreAsync(SessionLookup.Of(""));

        await AssertRefusedAsync(await gateway.PostAsync(GetUserInfoPath, Alice.ToByteArray()), "session-invalid");
    }

    [Test]
    public async Task Store_UserIdBeyondAscii_ArrivesWhole()
    {
        await using var gateway = await StartWithStoreAsync(SessionLookup.Of("用户-" + new string('u', 200)));

        using var response = await gateway.PostAsync(GetUserInfoPath, Alice.ToByteArray());

        Assert.That(GetUserInfoReq.Parser.ParseFrom(Service.LastCall.Message).UserId, Is.EqualTo("用户-" + new string('u', 200)));
    }

    private Task<GatewayFixture> StartWithStoreAsync(SessionLookup lookup) =>
        GatewayFixture.StartAsync(Service.Address, configure: builder => builder.Services.AddSingleton<ISessionStore>(new FixedStore(lookup)));

    private static byte[] Field(int number, string value)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes))
        {
            output.WriteTag(number, WireFormat.WireType.LengthDelimited);
            output.WriteString(value);
        }

        return bytes.ToArray();
    }

    private sealed class FixedStore(SessionLookup lookup) : ISessionStore
    {
        public ValueTask<SessionLookup> FindUserAsync(string sessionId, CancellationToken cancellationToken) => new(lookup);
    }
}
