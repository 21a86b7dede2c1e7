using Gateway.Protocol;
using Gateway.Tests.Support;
using Gateway.Tests.Transforms.Wire;
using Gateway.Transforms.Bodies;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Functional.Hostile;

/// <summary>Who has no session makes the gateway hold little, whatever he sends and wherever; and who has one is served meanwhile.</summary>
[TestFixture]
internal sealed class StrangerTests : GatewayTest
{
    private const string PutFilePath = "/service/file/put_single_file";
    private const string NewMessagePath = "/service/message_transmit/new_message";
    private const string SpeechPath = "/service/speech/recognition";
    private const int Kibibyte = 1 << 10;
    private const int MaxHeld = 2 << 20;

    /// <summary>What they send of a larger body before they wait for an answer.</summary>
    private const int SentBytes = 200 * Kibibyte;

    private static readonly byte[] File = Raw.Bytes(3, new byte[1 << 20]);

    protected override Dictionary<string, string?> Settings => new() { ["Gateway:Limits:MaxHeldRequestBytes"] = $"{MaxHeld}" };

    private RequestBudget Budget => Gateway.Services.GetRequiredService<RequestBudget>();

    [Test]
    public async Task Stranger_WhoWaitsWithinALargeBody_IsRefused(
        [Values(PutFilePath, NewMessagePath, SpeechPath)] string path, [Values] bool isChunked)
    {
        // Field 3 is the session's on two of the routes, 4 on the third.
        byte[] message = Raw.Join(Raw.Text(1, "r1"), Raw.Text(3, "s-nobody"), Raw.Text(path == SpeechPath ? 4 : 3, "s-nobody"), Raw.Bytes(5, File));
        using var client = await RawClient.ConnectAsync(Gateway.Address);

        await BeginAsync(client, path, message.Length, isChunked);
        await client.SendAsync(message.AsMemory(0, SentBytes));

        AssertRefused(await client.ReadAsync(), "session-invalid");
    }

    [Test]
    public async Task Stranger_WhoseMessageIsMalformedFromTheBeginning_IsRefusedBeforeAllHasCome([Values] bool isChunked)
    {
        byte[] message = Raw.Join(Raw.Text(1, "r1"), Raw.Tag(6, wireType: 3), File);
        using var client = await RawClient.ConnectAsync(Gateway.Address);

        await BeginAsync(client, PutFilePath, message.Length, isChunked);
        await client.SendAsync(message.AsMemory(0, SentBytes));

        AssertRefused(await client.ReadAsync(), "bad-request");
    }

    [Test]
    public async Task Stranger_WhoseFieldIsLongerThanTheBody_IsRefusedBeforeAllHasCome()
    {
        byte[] message = Raw.Join(Raw.Text(1, "r1"), Raw.Bytes(4, File));
        using var client = await RawClient.ConnectAsync(Gateway.Address);

        await BeginAsync(client, PutFilePath, message.Length - 1, isChunked: false);
        await client.SendAsync(message.AsMemory(0, SentBytes));

        AssertRefused(await client.ReadAsync(), "bad-request");
    }

    [Test]
    public async Task Strangers_TogetherMayHoldAQuarterOfTheBudget_AndUsersTheRest()
    {
        using var holder = await RawClient.ConnectAsync(Gateway.Address);
        await BeginAsync(holder, SpeechPath, length: 1 << 20, isChunked: true);
        await holder.SendAsync(Raw.Bytes(2, new byte[1 << 20]).AsMemory(0, 400 * Kibibyte));
        await Eventually.That(() => Budget.HeldOfUnknown >= 300 * Kibibyte, "the first of them is held");
        var speech = new SpeechRecognitionReq { RequestId = "r1", SpeechContent = ByteString.CopyFrom(new byte[300 * Kibibyte]), SessionId = "s-alice" }.ToByteArray();

        // Whose the second is stands at its end, which nobody reads.
        using (var client = await RawClient.ConnectAsync(Gateway.Address))
        {
            await BeginAsync(client, SpeechPath, speech.Length, isChunked: true);
            await client.SendAsync(speech.AsMemory(0, speech.Length - 1));
            var refused = await client.ReadAsync();
            AssertRefused(refused, "overloaded");
            Assert.That(refused.Headers["Retry-After"], Is.EqualTo("5"));
        }

        Service.Answer(new PutSingleFileRsp { RequestId = "r1", Success = true });
        using (var client = await RawClient.ConnectAsync(Gateway.Address))
        {
            await PostChunkedAsync(client, PutFilePath, Raw.Join(Raw.Text(1, "r1"), Raw.Text(3, "s-alice"), Raw.Bytes(4, new byte[300 * Kibibyte])));
            Assert.That((await client.ReadAsync()).Headers, Does.Not.ContainKey("x-gateway-error"));
        }

        holder.Dispose();
        await Eventually.That(() => Budget.Held == 0, "what was held is free again");
        using var served = await Gateway.PostAsync(SpeechPath, speech);
        Assert.That(GatewayFixture.ErrorCode(served), Is.Empty);
        await Eventually.That(() => Budget.Held == 0, "and again");
    }

    [Test]
    public async Task User_WhoseLargeBodyHasToBeHeldBeyondTheBudget_IsToldToComeBack([Values(PutFilePath, NewMessagePath)] string path)
    {
        using var client = await RawClient.ConnectAsync(Gateway.Address);
        byte[] message = Raw.Join(Raw.Text(1, "r1"), Raw.Text(3, "s-alice"), Raw.Bytes(path == PutFilePath ? 4 : 5, new byte[3 << 20]));

        await BeginAsync(client, path, message.Length, isChunked: true);
        await client.SendAsync(message.AsMemory(0, message.Length - 1));

        AssertRefused(await client.ReadAsync(), "overloaded");
        await Eventually.That(() => Budget.Held == 0, "what was held is free again");
    }

    [Test]
    public async Task User_WhoSaysTheLengthOfALargeBody_NeedsNoneOfTheBudget()
    {
        Assert.That(Budget.TryTake(MaxHeld, isKnown: true), Is.True);
        Service.Answer(new PutSingleFileRsp { RequestId = "r1", Success = true });

        using var response = await Gateway.PostAsync(PutFilePath, Raw.Join(Raw.Text(1, "r1"), Raw.Text(3, "s-alice"), Raw.Bytes(4, new byte[2 << 20])));

        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        Budget.GiveBack(MaxHeld, isKnown: true);
    }

    [Test]
    public async Task BudgetUsedUp_SmallCallsAreServed()
    {
        Assert.That(Budget.TryTake(MaxHeld, isKnown: true), Is.True);

        using var client = await RawClient.ConnectAsync(Gateway.Address);
        // In two pieces, so that something is held between them.
        var message = Raw.Join(Raw.Text(1, "r1"), Raw.Text(3, "s-alice"), Raw.Bytes(4, new byte[100 * Kibibyte]));
        await BeginAsync(client, SetAvatarPath, message.Length, isChunked: false);
        await client.SendAsync(message.AsMemory(0, 60 * Kibibyte));
        await client.SendAsync(message.AsMemory(60 * Kibibyte));

        Assert.That((await client.ReadAsync()).Headers, Does.Not.ContainKey("x-gateway-error"));
        Budget.GiveBack(MaxHeld, isKnown: true);
    }

    [Test]
    public async Task Client_WhoHangsUpWithinALargeBody_GivesBackWhatWasHeld()
    {
        using (var client = await RawClient.ConnectAsync(Gateway.Address))
        {
            await BeginAsync(client, SpeechPath, length: 1 << 20, isChunked: true);
            await client.SendAsync(Raw.Bytes(2, new byte[1 << 20]).AsMemory(0, 400 * Kibibyte));
            await Eventually.That(() => Budget.Held >= 300 * Kibibyte, "it is held");
        }

        await Eventually.That(() => Budget.Held == 0 && Budget.HeldOfUnknown == 0, "what was held is free again");
    }

    /// <summary>The session that was asked for is the one of the beginning; another one that comes later must not reach anybody.</summary>
    [Test]
    public async Task User_WhoSendsAnotherSessionBehindTheFile_IsRefused([Values(PutFilePath, NewMessagePath)] string path)
    {
        Gateway.Sessions.Set("s-bob", "bob");
        using var client = await RawClient.ConnectAsync(Gateway.Address);

        await PostChunkedAsync(
            client, path, Raw.Join(Raw.Text(1, "r1"), Raw.Text(3, "s-alice"), Raw.Bytes(path == PutFilePath ? 4 : 5, new byte[300 * Kibibyte]), Raw.Text(3, "s-bob")));

        AssertRefused(await client.ReadAsync(), "bad-request");
    }

    private void AssertRefused(RawResponse response, string code)
    {
        var answer = UserRegisterRsp.Parser.ParseFrom(response.Body);
        Assert.Multiple(() =>
        {
            Assert.That(response.Headers["x-gateway-error"], Is.EqualTo(code));
            Assert.That(answer.RequestId, Is.AnyOf("r1", ""));
            Assert.That(Service.Calls, Is.Empty);
        });
    }

    private static Task BeginAsync(RawClient client, string path, long length, bool isChunked) => client.SendAsync(
        $"POST {path} HTTP/1.1\r\nHost: gateway\r\n" + (isChunked ? $"Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n" : $"Content-Length: {length}\r\n\r\n"));

    private static async Task PostChunkedAsync(RawClient client, string path, byte[] message)
    {
        await BeginAsync(client, path, message.Length, isChunked: true);
        await client.SendAsync(message);
        await client.SendAsync("\r\n0\r\n\r\n");
    }
}
