using System.Buffers;
using System.Text;
using Gateway.Transforms.Wire;

namespace Gateway.Tests.Transforms.Wire;

[TestFixture]
internal sealed class MessageScannerTests
{
    private const int RequestId = 1;
    private const int UserId = 2;
    private const int SessionId = 3;
    private const int Other = 4;
    private const int LastFieldNumber = 536_870_911;

    private static readonly MessageFields Fields = new(RequestId, SessionId, UserId);

    private static IEnumerable<TestCaseData> Refusals()
    {
        const string tag = "a tag that is cut short or too long";
        yield return Case("TagCutShort", tag, [0x80]);
        yield return Case("TagOfFiveBytesCutShort", tag, [0x92, 0x80, 0x80, 0x80]);
        yield return Case("TagOfSixBytes", tag, Raw.Join(Raw.Tag(UserId, Raw.Length, 6), [0]));
        yield return Case("TagOfTenBytes", tag, Raw.Join(Raw.Tag(UserId, Raw.Length, 10), [0]));
        yield return Case("TagAbove32Bits", tag, [0x92, 0x80, 0x80, 0x80, 0x10, 0]);
        yield return Case("TagAbove32Bits_InTheHighestBit", tag, [0x92, 0x80, 0x80, 0x80, 0x40, 0]);

        const string zero = "field number 0";
        yield return Case("FieldNumberZero_Varint", zero, [0x00, 0x01]);
        yield return Case("FieldNumberZero_Fixed64", zero, [0x01, 1, 2, 3, 4, 5, 6, 7, 8]);
        yield return Case("FieldNumberZero_Length", zero, [0x02, 0x00]);
        yield return Case("FieldNumberZero_EndGroup", zero, [0x04]);
        yield return Case("FieldNumberZero_InFiveBytes", zero, [0x82, 0x80, 0x80, 0x80, 0x00, 0x00]);

        const string number = "a number that is cut short or too long";
        yield return Case("VarintMissing", number, Raw.Tag(Other, Raw.Varint));
        yield return Case("VarintCutShort", number, Raw.Join(Raw.Tag(Other, Raw.Varint), [0xFF]));
        yield return Case("VarintOfElevenBytes", number, Raw.Integer(Other, 1, valueBytes: 11));
        yield return Case("VarintOfTenBytesCutShort", number, Raw.Join(Raw.Tag(UserId, Raw.Varint), [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]));

        const string length = "a length that is cut short or too long";
        yield return Case("LengthMissing", length, Raw.Tag(Other, Raw.Length));
        yield return Case("LengthCutShort", length, Raw.Join(Raw.Tag(UserId, Raw.Length), [0x80]));
        yield return Case("LengthOfSixBytes", length, Raw.Text(Other, "", lengthBytes: 6));

        const string end = "a field that runs past the end";
        yield return Case("TextPastTheEnd", end, [0x22, 0x03, 0x61, 0x62]);
        yield return Case("TextOfTheLargestLength", end, Raw.Join(Raw.Tag(Other, Raw.Length), Raw.Number(int.MaxValue), [0x61]));
        yield return Case("TextOfANegativeLength", end, Raw.Join(Raw.Tag(Other, Raw.Length), Raw.Number(uint.MaxValue), [0x61]));
        yield return Case("TextOfALengthAbove32Bits", MessageProblems.Length, Raw.Join(Raw.Tag(Other, Raw.Length), [0x80, 0x80, 0x80, 0x80, 0x10]));
        yield return Case("TailThatSwallowsWhatIsAppended", end, Raw.Join(Raw.Tag(Other, Raw.Length), Raw.Number(100)));
        yield return Case("Fixed32CutShort", end, Raw.Bits32(Other, 1)[..^1]);
        yield return Case("Fixed32Missing", end, Raw.Tag(UserId, Raw.Fixed32));
        yield return Case("Fixed64CutShort", end, Raw.Bits64(Other, 1)[..^1]);
        yield return Case("Fixed64Missing", end, Raw.Tag(UserId, Raw.Fixed64));

        const string group = "a group or an unknown wire type";
        yield return Case("Group", group, Raw.Join(Raw.Tag(Other, 3), Raw.Tag(Other, 4)));
        yield return Case("GroupOfUserId", group, Raw.Join(Raw.Tag(UserId, 3), Raw.Text(UserId, "mallory"), Raw.Tag(UserId, 4)));
        yield return Case("EndOfNoGroup", group, Raw.Tag(UserId, 4));
        yield return Case("WireTypeSix", group, Raw.Tag(Other, 6));
        yield return Case("WireTypeSeven", group, Raw.Tag(UserId, 7));

        const string sessions = "two session ids that differ";
        yield return Case("SessionIds_OfOneLength", sessions, Raw.Join(Raw.Text(SessionId, "s-alice"), Raw.Text(SessionId, "s-mallo")));
        yield return Case("SessionIds_OneABeginningOfTheOther", sessions, Raw.Join(Raw.Text(SessionId, "s-a"), Raw.Text(SessionId, "s-ab")));
        yield return Case("SessionIds_EmptyFirst", sessions, Raw.Join(Raw.Text(SessionId, ""), Raw.Text(SessionId, "s-a")));
        yield return Case("SessionIds_EmptyLast", sessions, Raw.Join(Raw.Text(SessionId, "s-a"), Raw.Text(SessionId, "")));
        yield return Case("SessionIds_FarApart", sessions, Raw.Join(Raw.Text(SessionId, "s-a"), Raw.Text(Other, "x"), Raw.Text(SessionId, "s-b", 5, 5)));

        yield return Case("SessionIds_ByTheHundred", "too many session ids", Raw.Join(Enumerable.Repeat(Raw.Text(SessionId, "s"), 129)));

        static TestCaseData Case(string name, string problem, byte[] bytes) =>
            new TestCaseData(problem, bytes).SetName($"{nameof(Scan_NotWellFormed_IsRefused)}({name})");
    }

    [TestCaseSource(nameof(Refusals))]
    public void Scan_NotWellFormed_IsRefused(string problem, byte[] bytes)
    {
        foreach (var message in Segmented.Ways(bytes))
        {
            Assert.That(MessageScanner.Scan(message, Fields).Problem, Is.EqualTo(problem), Shape(message));
        }
    }

    [TestCaseSource(nameof(Refusals))]
    public void Scan_NotWellFormedBehindARequestId_StillFindsTheRequestId(string problem, byte[] bytes)
    {
        foreach (var message in Segmented.Ways(Raw.Join(Raw.Text(RequestId, "r1"), bytes)))
        {
            var scan = MessageScanner.Scan(message, Fields);

            Assert.That(scan.Problem, Is.EqualTo(problem), Shape(message));
            Assert.That(scan.RequestId, Is.EqualTo(new FieldRange(2, 2)), Shape(message));
        }
    }

    [Test]
    public void Scan_EmptyMessage_IsWellFormedAndHasNothing()
    {
        var scan = MessageScanner.Scan(ReadOnlySequence<byte>.Empty, Fields);

        Assert.That(scan, Is.EqualTo(default(MessageScan)));
        Assert.That(scan.SessionId.IsAbsent, Is.True);
    }

    [Test]
    public void Scan_EveryFieldThere_FindsTheirRanges()
    {
        byte[][] pieces =
        [
            Raw.Text(RequestId, "r1"), Raw.Text(UserId, "mallory"), Raw.Text(Other, new string('x', 200)), Raw.Integer(UserId, 300),
            Raw.Text(SessionId, "s-alice"), Raw.Bits32(UserId, 7), Raw.Bits64(UserId, 8), Raw.Integer(LastFieldNumber, ulong.MaxValue),
        ];
        var offsets = Offsets(pieces);

        foreach (var message in Segmented.Ways(Raw.Join(pieces)))
        {
            var scan = MessageScanner.Scan(message, Fields);

            Assert.That(scan.Problem, Is.Null);
            Assert.That(Text(message, scan.RequestId), Is.EqualTo("r1"));
            Assert.That(Text(message, scan.SessionId), Is.EqualTo("s-alice"));
            Assert.That(scan.UserIds, Is.EqualTo(new[] { 1, 3, 5, 6 }.Select(i => new Edit(new FieldRange(offsets[i], pieces[i].Length)))), Shape(message));
        }
    }

    [Test]
    public void Scan_SeveralRequestIds_TheLastCounts()
    {
        foreach (var message in Segmented.Ways(Raw.Join(Raw.Text(RequestId, "first"), Raw.Text(Other, "x"), Raw.Text(RequestId, "last"))))
        {
            Assert.That(Text(message, MessageScanner.Scan(message, Fields).RequestId), Is.EqualTo("last"));
        }
    }

    [Test]
    public void Scan_SameSessionIdSeveralTimes_IsTaken()
    {
        var bytes = Raw.Join(Raw.Text(SessionId, "s-alice"), Raw.Text(SessionId, "s-alice", 5, 5), Raw.Text(Other, "x"), Raw.Text(SessionId, "s-alice", 2));

        foreach (var message in Segmented.Ways(bytes))
        {
            var scan = MessageScanner.Scan(message, Fields);

            Assert.That(scan.Problem, Is.Null, Shape(message));
            Assert.That(Text(message, scan.SessionId), Is.EqualTo("s-alice"));
        }
    }

    [Test]
    public void Scan_EmptySessionId_IsThere()
    {
        var scan = MessageScanner.Scan(new ReadOnlySequence<byte>(Raw.Text(SessionId, "")), Fields);

        Assert.That(scan.SessionId, Is.EqualTo(new FieldRange(2, 0)));
        Assert.That(scan.SessionId.IsAbsent, Is.False);
    }

    [Test]
    public void Scan_IdsOfOtherWireTypes_AreNoIds()
    {
        var bytes = Raw.Join(
            Raw.Integer(RequestId, 1), Raw.Bits32(RequestId, 1), Raw.Bits64(RequestId, 1),
            Raw.Integer(SessionId, 1), Raw.Bits32(SessionId, 1), Raw.Bits64(SessionId, 1));

        foreach (var message in Segmented.Ways(bytes))
        {
            Assert.That(MessageScanner.Scan(message, Fields), Is.EqualTo(default(MessageScan)), Shape(message));
        }
    }

    [Test]
    public void Scan_LongestNumbersAllowed_AreTaken()
    {
        var bytes = Raw.Join(
            Raw.Text(SessionId, "s-alice", tagBytes: 5, lengthBytes: 5),
            Raw.Integer(UserId, 1, tagBytes: 5, valueBytes: 10),
            Raw.Integer(Other, ulong.MaxValue));

        foreach (var message in Segmented.Ways(bytes))
        {
            var scan = MessageScanner.Scan(message, Fields);

            Assert.That(scan.Problem, Is.Null, Shape(message));
            Assert.That(scan.SessionId, Is.EqualTo(new FieldRange(10, 7)));
            Assert.That(scan.UserIds, Is.EqualTo(new[] { new Edit(new FieldRange(17, 15)) }));
        }
    }

    [Test]
    public void Scan_UserIdsByTheHundred_IsRefused()
    {
        var bytes = Raw.Join(Enumerable.Repeat(Raw.Integer(UserId, 1), 128));

        Assert.That(MessageScanner.Scan(new ReadOnlySequence<byte>(bytes), Fields).UserIds, Has.Count.EqualTo(128));
        Assert.That(
            MessageScanner.Scan(new ReadOnlySequence<byte>([.. bytes, .. Raw.Integer(UserId, 1)]), Fields).Problem,
            Is.EqualTo("too many user ids"));
    }

    [Test]
    public void Scan_IdsInsideANestedMessage_AreNotSeen()
    {
        var nested = Raw.Join(Raw.Text(RequestId, "r1"), Raw.Text(UserId, "mallory"), Raw.Text(SessionId, "s-mallory"), [0x13]);
        var bytes = Raw.Join(Raw.Tag(Other, Raw.Length), Raw.Number((ulong)nested.Length), nested);

        foreach (var message in Segmented.Ways(bytes))
        {
            Assert.That(MessageScanner.Scan(message, Fields), Is.EqualTo(default(MessageScan)), Shape(message));
        }
    }

    [Test]
    public void Scan_MessageWithoutSuchFields_LooksForNone()
    {
        var message = new ReadOnlySequence<byte>(Raw.Join(Raw.Text(1, "a"), Raw.Text(2, "b"), Raw.Text(3, "c"), Raw.Text(3, "d")));

        Assert.That(MessageScanner.Scan(message, MessageFields.None), Is.EqualTo(default(MessageScan)));
    }

    private static long[] Offsets(byte[][] pieces)
    {
        var offsets = new long[pieces.Length];
        for (var i = 1; i < pieces.Length; i++)
        {
            offsets[i] = offsets[i - 1] + pieces[i - 1].Length;
        }

        return offsets;
    }

    private static string Text(in ReadOnlySequence<byte> message, FieldRange range) =>
        Encoding.UTF8.GetString(message.Slice(range.Offset, range.Length));

    private static string Shape(in ReadOnlySequence<byte> message)
    {
        var lengths = new List<int>();
        foreach (var segment in message)
        {
            lengths.Add(segment.Length);
        }

        return "in segments of " + string.Join('+', lengths);
    }
}
