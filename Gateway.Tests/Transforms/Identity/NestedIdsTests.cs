using System.Buffers;
using Gateway.Protocol;
using Gateway.Tests.Transforms.Wire;
using Gateway.Transforms.Identity;
using Gateway.Transforms.Wire;
using Google.Protobuf;

namespace Gateway.Tests.Transforms.Identity;

/// <summary>
/// Ids within messages of a request. A message of the contract stands for such a request: its session is the chat session of field 1, its user the sender
/// there. Google's parser stands for the sub-service.
/// </summary>
[TestFixture]
internal sealed class NestedIdsTests
{
    private static readonly MessageFields Fields = MessageFields.Of(requestId: [1, 1], sessionId: [1, 2], userId: [1, 4, 1]);

    [Test]
    public void Scan_NestedIds_AreFound()
    {
        var bytes = new NotifyNewMessage { MessageInfo = new MessageInfo { MessageId = "r1", ChatSessionId = "s1" } }.ToByteArray();
        var scan = MessageScanner.Scan(new ReadOnlySequence<byte>(bytes), Fields);

        Assert.That(Text(bytes, scan.RequestId), Is.EqualTo("r1"));
        Assert.That(Text(bytes, scan.SessionId), Is.EqualTo("s1"));
        Assert.That((scan.Problem, scan.UserIds), Is.EqualTo(((string?)null, (IReadOnlyList<Edit>?)null)));
    }

    [Test]
    public void Scan_TwoSessionsInTwoPiecesOfOneMessage_AreRefused()
    {
        var bytes = Raw.Join(Piece(new MessageInfo { ChatSessionId = "s1" }), Piece(new MessageInfo { ChatSessionId = "s2" }));

        Assert.That(MessageScanner.Scan(new ReadOnlySequence<byte>(bytes), Fields).Problem, Is.EqualTo(MessageProblems.SessionIds));
    }

    [Test]
    public void Scan_MessageWithinThatIsCut_IsRefusedAndMoreOfTheBodyIsNoCure()
    {
        var bytes = Raw.Bytes(1, [0x12, 0x05, 0x61]);
        var scan = MessageScanner.Scan(new ReadOnlySequence<byte>(bytes), Fields);

        Assert.That((scan.Problem, scan.IsCut), Is.EqualTo((MessageProblems.PastTheEnd, false)));
    }

    [Test]
    public void Scan_UserIdsByTheHundred_AreRefused()
    {
        var bytes = Raw.Join([.. Enumerable.Repeat(Piece(new MessageInfo { Sender = new UserInfo { UserId = "m" } }), 100)]);

        Assert.That(MessageScanner.Scan(new ReadOnlySequence<byte>(bytes), Fields).Problem, Is.EqualTo(MessageProblems.UserIds));
    }

    [Test]
    public void Walker_TheMessageThatHoldsTheIds_MayNotComeLate() => Assert.That(
        new MessageWalker(Fields, open: 0).Walk(Piece(new MessageInfo { Timestamp = 1 })), Is.EqualTo(MessageProblems.LateId));

    /// <summary>Whatever a client puts in, and in how many pieces: the parser reads the session's user, and all else as it was.</summary>
    [Test]
    public void Inject_RandomPieces_TheParserReadsTheSessionsUserAndAllElseAsItWas()
    {
        var random = new Random(18);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = Raw.Join([.. Enumerable.Range(0, random.Next(4)).Select(_ => RandomPiece(random))]);
            var expected = NotifyNewMessage.Parser.ParseFrom(bytes);
            var message = i % 2 == 0 ? new ReadOnlySequence<byte>(bytes) : Segmented.SingleBytes(bytes);
            var scan = MessageScanner.Scan(message, Fields);
            Assert.That(scan.Problem, Is.Null, Convert.ToHexString(bytes));

            var injected = UserIdInjector.Inject(message, scan.UserIds, Fields.UserIdField("alice")).ToArray();
            var again = MessageScanner.Scan(new ReadOnlySequence<byte>(injected), Fields);

            // A user id of another wire type is unknown to the parser, and gone.
            var read = NotifyNewMessage.Parser.WithDiscardUnknownFields(true).ParseFrom(injected);
            (expected.MessageInfo ??= new MessageInfo()).Sender ??= new UserInfo();
            expected.MessageInfo.Sender.UserId = "alice";
            Assert.That(read, Is.EqualTo(NotifyNewMessage.Parser.WithDiscardUnknownFields(true).ParseFrom(expected.ToByteArray())), Convert.ToHexString(bytes));
            Assert.That(again.UserIds!.Count(edit => edit.Replacement.IsEmpty), Is.EqualTo(1), "None but the session's is left");
            Assert.That(UserIdInjector.Inject(message, scan.UserIds, default).ToArray().AsSpan().SequenceEqual(injected.AsSpan(0, injected.Length - Fields.UserIdField("alice").Length)));
        }
    }

    private static byte[] RandomPiece(Random random)
    {
        var sender = Raw.Join([.. Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(5) switch
        {
            0 => Raw.Text(1, new string('m', random.Next(200))),
            1 => Raw.Integer(1, (ulong)random.Next()),
            2 => Raw.Bits64(1, (ulong)random.Next()),
            3 => Raw.Text(2, new string('n', random.Next(130))),
            _ => Raw.Text(99, "unknown"),
        })]);
        return Raw.Bytes(1, Raw.Join([.. Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(5) switch
        {
            0 => Raw.Bytes(4, sender),
            1 => Raw.Text(2, "s1"),
            2 => Raw.Integer(3, (ulong)random.Next()),
            3 => Raw.Text(1, "r" + random.Next(10)),
            _ => Raw.Bits32(98, 7),
        })]));
    }

    private static byte[] Piece(MessageInfo message) => new NotifyNewMessage { MessageInfo = message }.ToByteArray();

    private static string Text(byte[] bytes, FieldRange range) => System.Text.Encoding.UTF8.GetString(bytes, (int)range.Offset, (int)range.Length);
}
