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

            var walked = Walk(new MessageWalker(default, open: 0), message, random.Next(1, 9));

            Assert.That(walked, Is.EqualTo(MessageScanner.Scan(new ReadOnlySequence<byte>(message), default).Problem), Convert.ToHexString(message));
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

    [TestCase(2)]
    [TestCase(3)]
    public void Walk_AnId_IsTooLate(int field)
    {
        Assert.That(Walk(new MessageWalker(Fields, open: 0), Raw.Join(Raw.Text(4, "f"), Raw.Text(field, "mallory")), 1), Is.EqualTo(MessageProblems.LateId));
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
