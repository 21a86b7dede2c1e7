using Gateway.Protocol;
using Gateway.Tests.Support;
using Gateway.Tests.Transforms.Wire;
using Google.Protobuf;

namespace Gateway.Tests.Functional.Hostile;

/// <summary>A client that writes a user id of its own, in every disguise: the sub-service, when it parses, never finds it.</summary>
[TestFixture]
internal sealed class ForgedUserIdTests : HostileTest
{
    private const string UploadPath = "/service/file/put_single_file";
    private const int UserId = 2;
    private const int SessionId = 3;
    private const int FileData = 4;

    /// <summary>Larger than what the server reads ahead, so that it goes on while it comes.</summary>
    private const int FileSize = 2 << 20;

    private static readonly byte[] Session = Raw.Text(SessionId, "s-alice");
    private static readonly byte[] Forged = Raw.Text(UserId, "mallory");

    private static readonly byte[] File = Raw.Bytes(3, new byte[FileSize]);

    /// <summary>Bodies that are served as the session's user.</summary>
    public static IEnumerable<TestCaseData> CutOut()
    {
        yield return Case("Twice", Forged, Session, Raw.Text(UserId, "mallory2"));
        yield return Case("BeforeTheSession", Forged, Session);
        yield return Case("BehindTheSession", Session, Forged);
        yield return Case("TagOfFiveBytes", Session, Raw.Text(UserId, "mallory", tagBytes: 5));
        yield return Case("LengthOfFiveBytes", Session, Raw.Text(UserId, "mallory", lengthBytes: 5));
        yield return Case("Empty", Session, Raw.Text(UserId, ""));
        yield return Case("AsNumber", Session, Raw.Integer(UserId, 7));
        yield return Case("As32Bits", Session, Raw.Bits32(UserId, 7));
        yield return Case("As64Bits", Session, Raw.Bits64(UserId, 7, tagBytes: 5));
        yield return Case("OfEveryWireType", Raw.Integer(UserId, 7), Session, Forged, Raw.Bits32(UserId, 7), Forged, Raw.Bits64(UserId, 7));
        yield return Case("NoUtf8", Session, Raw.Bytes(UserId, [0xC0, 0x80, 0xFF]));
        yield return Case("SecondCopyOfTheMessage", Raw.Text(1, "r0"), Session, Forged, Raw.Text(1, "r1"), Session, Raw.Text(UserId, "mallory2"));
    }

    /// <summary>Bodies that two parsers could read differently.</summary>
    public static IEnumerable<TestCaseData> Refused()
    {
        var open = Raw.Tag(9, 3);
        var close = Raw.Tag(9, 4);
        yield return Case("TagOfSixBytes", Session, Raw.Text(UserId, "mallory", tagBytes: 6));
        yield return Case("TagWithBitsAbove32", Session, [0x92, 0x80, 0x80, 0x80, 0x10], [1, (byte)'m']);
        yield return Case("LengthOfSixBytes", Session, Raw.Text(UserId, "mallory", lengthBytes: 6));
        yield return Case("InAnUnknownGroup", Session, open, Forged, close);
        yield return Case("BehindAnEndlessGroup", Session, open, Forged);
        yield return Case("AsGroup", Session, Raw.Tag(UserId, 3), Raw.Text(1, "mallory"), Raw.Tag(UserId, 4));
        yield return Case("WireType6", Session, Raw.Tag(UserId, 6), [1]);
        yield return Case("WireType7", Session, Raw.Tag(UserId, 7), [1]);
        yield return Case("FieldZero", Session, Raw.Text(0, "mallory"));
        yield return Case("TailThatSwallowsOurs", Session, Raw.Tag(99, Raw.Length), [7]);
        yield return Case("SecondCopyOfAnotherSession", Session, Forged, Raw.Text(SessionId, "s-mallory"), Forged);
        yield return Case("ByTheHundred", [Session, .. Enumerable.Repeat(Forged, 200)]);
    }

    [TestCaseSource(nameof(CutOut))]
    public async Task UserId_OfTheClient_IsCutOut(byte[] body)
    {
        using var client = await ConnectAsync();

        await client.PostAsync(GetUserInfoPath, body);

        Assert.That((await client.ReadAsync()).Headers, Does.Not.ContainKey("x-gateway-error"));
        AssertAlice(Calls.Single().Message);
        Assert.That(GetUserInfoReq.Parser.ParseFrom(Calls.Single().Message).UserId, Is.EqualTo("alice"));
    }

    [TestCaseSource(nameof(Refused))]
    public async Task UserId_InABodyThatCanBeReadTwoWays_IsRefused(byte[] body)
    {
        using var client = await ConnectAsync();

        await client.PostAsync(GetUserInfoPath, body);

        Assert.That((await client.ReadAsync()).Headers["x-gateway-error"], Is.EqualTo("bad-request"));
        Assert.That(Calls, Is.Empty);
    }

    [TestCaseSource(nameof(CutOut))]
    public async Task UserId_BeforeALargeFile_IsCutOut(byte[] body)
    {
        using var client = await ConnectAsync();

        await client.PostAsync(UploadPath, Raw.Join(body, Raw.Bytes(FileData, File)));

        Assert.That((await client.ReadAsync()).Headers, Does.Not.ContainKey("x-gateway-error"));
        AssertAlice(Calls.Single().Message);
        Assert.That(PutSingleFileReq.Parser.ParseFrom(Calls.Single().Message).FileData.FileContent, Has.Length.EqualTo(FileSize));
    }

    [TestCaseSource(nameof(CutOut))]
    [TestCaseSource(nameof(Refused))]
    public async Task UserId_BehindALargeFile_NeverArrivesInAWholeMessage(byte[] body)
    {
        using var client = await ConnectAsync();

        await client.PostAsync(UploadPath, Raw.Join(Session, Raw.Bytes(FileData, File), body));

        Assert.That((await client.ReadAsync()).Headers["x-gateway-error"], Is.EqualTo("bad-request"));
        Assert.That(Calls, Is.Empty, "The sub-service was given a whole message");
    }

    /// <summary>User ids alone: another session, or this one again, would be refused for itself.</summary>
    public static IEnumerable<TestCaseData> Late()
    {
        foreach (var tagBytes in new[] { 1, 5 })
        {
            yield return Case("Text", Raw.Text(UserId, "mallory", tagBytes));
            yield return Case("Empty", Raw.Text(UserId, "", tagBytes));
            yield return Case("Varint", Raw.Integer(UserId, 7, tagBytes));
            yield return Case("Fixed32", Raw.Bits32(UserId, 7, tagBytes));
            yield return Case("Fixed64", Raw.Bits64(UserId, 7, tagBytes));
            yield return Case("Group", Raw.Tag(UserId, 3, tagBytes), Raw.Text(1, "mallory"), Raw.Tag(UserId, 4, tagBytes));
            yield return Case("GroupStart", Raw.Tag(UserId, 3, tagBytes));
            yield return Case("GroupEnd", Raw.Tag(UserId, 4, tagBytes));
            yield return Case("BehindAnotherField", Raw.Text(9, "f"), Raw.Integer(UserId, 7, tagBytes));

            TestCaseData Case(string name, params byte[][] pieces) => new TestCaseData(Raw.Join(pieces)).SetArgDisplayNames($"{name}In{tagBytes}");
        }
    }

    [TestCaseSource(nameof(Late))]
    public async Task UserId_AloneBehindALargeFile_NeverArrivesInAWholeMessage(byte[] late)
    {
        using var client = await ConnectAsync();

        await client.PostAsync(UploadPath, Raw.Join(Session, Raw.Bytes(FileData, File), late));

        Assert.That((await client.ReadAsync()).Headers["x-gateway-error"], Is.EqualTo("bad-request"));
        await Eventually.That(() => Service.OpenCalls == 0);
        Assert.That(Calls, Is.Empty, "The sub-service was given a whole message");
    }

    [TestCaseSource(nameof(Late))]
    public async Task UserId_AloneBehindALargeFile_FollowedByMore_NeverArrivesInAWholeMessage(byte[] late)
    {
        using var client = await ConnectAsync();

        await client.PostAsync(UploadPath, Raw.Join(Session, Raw.Bytes(FileData, File), late, Raw.Bytes(9, new byte[200_000])));

        Assert.That((await client.ReadAsync()).Headers["x-gateway-error"], Is.EqualTo("bad-request"));
        await Eventually.That(() => Service.OpenCalls == 0);
        Assert.That(Calls, Is.Empty, "The sub-service was given a whole message");
    }

    [TestCaseSource(nameof(CutOut))]
    public async Task UserId_InChunksOfOneByte_IsCutOut(byte[] body)
    {
        using var client = await ConnectAsync();
        await client.SendAsync($"POST {GetUserInfoPath} HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\n");

        foreach (var value in body)
        {
            await client.SendAsync(Raw.Join("1\r\n"u8.ToArray(), [value], "\r\n"u8.ToArray()));
        }

        await client.SendAsync("0\r\n\r\n");

        Assert.That((await client.ReadAsync()).Headers, Does.Not.ContainKey("x-gateway-error"));
        AssertAlice(Calls.Single().Message);
    }

    /// <summary>Reads the message as the most literal of parsers would, so that a field which another one drops counts as well.</summary>
    private static void AssertAlice(ReadOnlySpan<byte> message)
    {
        List<string> users = [];
        var input = new CodedInputStream(message.ToArray());
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == UserId)
            {
                Assert.That(WireFormat.GetTagWireType(tag), Is.EqualTo(WireFormat.WireType.LengthDelimited));
                users.Add(input.ReadString());
            }
            else
            {
                input.SkipLastField();
            }
        }

        Assert.That(users, Is.EqualTo(new[] { "alice" }));
    }

    private static TestCaseData Case(string name, params byte[][] pieces) => new TestCaseData(Raw.Join(pieces)).SetArgDisplayNames(name);
}
