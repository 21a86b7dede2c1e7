using System.Buffers;
using System.Text;
using Gateway.Proxy.Limits;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxy.Limits;

[TestFixture]
internal sealed class FieldCountersTests
{
    [Test]
    public void Take_AsATokenBucket_GivesAllAtOnce_AndThenOneByOne()
    {
        var time = new FakeTimeProvider();
        var sut = new FieldCounters(new RateLimit { Permit = 5, Window = TimeSpan.FromMinutes(10) }, time);

        Assert.That(Enumerable.Range(0, 5).Select(_ => sut.Take(7)), Is.All.EqualTo(TimeSpan.Zero));
        Assert.That(sut.Take(7), Is.EqualTo(TimeSpan.FromMinutes(2)));
        Assert.That(sut.Take(8), Is.EqualTo(TimeSpan.Zero), "Another value");

        time.Advance(TimeSpan.FromMinutes(2));
        Assert.That((sut.Take(7), sut.Take(7)), Is.EqualTo((TimeSpan.Zero, TimeSpan.FromMinutes(2))));

        time.Advance(TimeSpan.FromHours(1));
        Assert.That(Enumerable.Range(0, 6).Select(_ => sut.Take(7)), Is.EqualTo(new[] { 0, 0, 0, 0, 0, 2 }.Select(minutes => TimeSpan.FromMinutes(minutes))));
    }

    [Test]
    public void Take_BySeveralThreads_GivesNoMoreThanThereIs()
    {
        var sut = new FieldCounters(new RateLimit { Permit = 1000, Window = TimeSpan.FromDays(1) }, new FakeTimeProvider());
        var taken = 0;

        Parallel.For(0, 4000, _ =>
        {
            if (sut.Take(FieldSlot.Count - 1) == TimeSpan.Zero)
            {
                Interlocked.Increment(ref taken);
            }
        });

        Assert.That(taken, Is.EqualTo(1000));
    }

    [TestCase("Bob@Example.com", "bob@example.com", true)]
    [TestCase("138 0013\t8000\n", "13800138000", true)]
    [TestCase("张三", "张三 ", true)]
    [TestCase("13800138000", "13800138001", false)]
    [TestCase("a.b", "ab", false)]
    public void Slot_OfTwoSpellings_IsTheSame(string one, string other, bool same) =>
        Assert.That(FieldSlot.Of(Bytes(one)) == FieldSlot.Of(Bytes(other)), Is.EqualTo(same));

    [Test]
    public void Slot_OfALongValueInPieces_IsThatOfTheWhole()
    {
        var text = new string('x', 5000) + 'y';
        var pieces = new byte[3][];
        var bytes = Encoding.UTF8.GetBytes(text);
        pieces[0] = bytes[..10];
        pieces[1] = bytes[10..3000];
        pieces[2] = bytes[3000..];

        Assert.That(FieldSlot.Of(Sequence(pieces)), Is.EqualTo(FieldSlot.Of(Bytes(text))).And.InRange(0, FieldSlot.Count - 1));
        Assert.That(FieldSlot.Of(Bytes(text)), Is.Not.EqualTo(FieldSlot.Of(Bytes(text[..^1]))));
    }

    private static ReadOnlySequence<byte> Bytes(string text) => new(Encoding.UTF8.GetBytes(text));

    private static ReadOnlySequence<byte> Sequence(byte[][] pieces)
    {
        var first = new Piece(pieces[0], null);
        var last = pieces.Skip(1).Aggregate(first, (before, piece) => new Piece(piece, before));
        return new(first, 0, last, last.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(byte[] bytes, Piece? before)
        {
            Memory = bytes;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}
