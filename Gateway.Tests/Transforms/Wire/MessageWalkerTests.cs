using System.Buffers;
using Gateway.Transforms.Wire;

namespace Gateway.Tests.Transforms.Wire;

[TestFixture]
internal sealed class MessageWalkerTests
{
    private static readonly MessageFields Fields = new(RequestId: 1, SessionId: 3, UserId: 2);

    [Test]
    public void Walk_AnyBytes_JudgesAsTheScannerDoes()
    {
        var random = new Random(7);
        for (var round = 0; round < 20_000; round++)
        {
            var message = RandomMessage(random);

            var walked = Walk(new MessageWalker(MessageFields.None, open: 0), message, random.Next(1, 9));

            Assert.That(walked, Is.EqualTo(MessageScanner.Scan(new ReadOnlySequence<byte>(message), MessageFields.None).Problem), Convert.ToHexString(message));
        }
    }

    [Test]
    public void Walk_FromTheMiddleOfAValue_SkipsTheRestOfIt()
    {
        byte[] rest = [0xFF, 0xFF, 0xFF, .. Raw.Text(4, "f")];

        Assert.That(Walk(new MessageWalker(Fields, open: 3), rest, 2), Is.Null);
        Assert.That(Walk(new MessageWalker(Fields, open: 2), rest, 2), Is.Not.Null);
        Assert.That(Walk(new MessageWalker(Fields, open: rest.Length + 1), rest, 2), Is.EqualTo(MessageProblems.PastTheEnd));
    }

    /// <summary>An id in every form it can be written in, each with what it is refused for.</summary>
    public static IEnumerable<TestCaseData> Ids()
    {
        foreach (var field in new[] { Fields.UserId, Fields.SessionId })
        {
            foreach (var tagBytes in new[] { 1, 5 })
            {
                yield return Case("Text", Raw.Text(field, "mallory", tagBytes), MessageProblems.LateId);
                yield return Case("Empty", Raw.Text(field, "", tagBytes), MessageProblems.LateId);
                yield return Case("Varint", Raw.Integer(field, 7, tagBytes), MessageProblems.LateId);
                yield return Case("Fixed32", Raw.Bits32(field, 7, tagBytes), MessageProblems.LateId);
                yield return Case("Fixed64", Raw.Bits64(field, 7, tagBytes), MessageProblems.LateId);
                yield return Case("GroupStart", Raw.Tag(field, 3, tagBytes), MessageProblems.Type);
                yield return Case("GroupEnd", Raw.Tag(field, 4, tagBytes), MessageProblems.Type);
                yield return Case("Type6", Raw.Tag(field, 6, tagBytes), MessageProblems.Type);
                yield return Case("Type7", Raw.Tag(field, 7, tagBytes), MessageProblems.Type);

                TestCaseData Case(string name, byte[] id, string problem) => new TestCaseData(id, problem).SetArgDisplayNames($"{name}{field}In{tagBytes}");
            }
        }
    }

    /// <summary>No piece that has come whole past the walker may hold it, so it is refused at its tag, wherever pieces end.</summary>
    [TestCaseSource(nameof(Ids))]
    public void Walk_AnId_IsTooLate(byte[] id, string problem)
    {
        byte[] rest = [0xFF, 0xFF, .. Raw.Text(4, "f"), .. Raw.Integer(5, 300), .. id, .. Raw.Text(4, "f")];
        for (var pieceLength = 1; pieceLength <= rest.Length; pieceLength++)
        {
            Assert.That(Walk(new MessageWalker(Fields, open: 2), rest, pieceLength), Is.EqualTo(problem), $"In pieces of {pieceLength}");
        }
    }

    [Test]
    public void Walk_AnotherRequestId_IsNobodysHarm() => Assert.That(Walk(new MessageWalker(Fields, open: 0), Raw.Text(1, "r"), 1), Is.Null);

    private static string? Walk(MessageWalker sut, byte[] message, int pieceLength)
    {
        foreach (var piece in message.Chunk(pieceLength))
        {
            if (sut.Walk(piece) is { } problem)
            {
                return problem;
            }
        }

        return sut.End();
    }

    /// <summary>Some fields, and sometimes a byte that is not what it was, or an end too early.</summary>
    private static byte[] RandomMessage(Random random)
    {
        List<byte> bytes = [];
        for (var field = random.Next(5); field > 0; field--)
        {
            bytes.AddRange(Raw.Tag(random.Next(1, 40), random.Next(6), random.Next(1, 6)));
            bytes.AddRange(Raw.Number((ulong)random.Next(6), random.Next(1, 3)));
            for (var more = random.Next(10); more > 0; more--)
            {
                bytes.Add((byte)random.Next(256));
            }
        }

        if (bytes.Count > 0 && random.Next(2) == 0)
        {
            bytes[random.Next(bytes.Count)] ^= (byte)(1 << random.Next(8));
        }

        return [.. bytes.Take(random.Next(2) == 0 ? bytes.Count : random.Next(bytes.Count + 1))];
    }
}
