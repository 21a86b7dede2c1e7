using System.Buffers;
using System.Text;
using Gateway.Tests.Transforms.Wire;
using Gateway.Transforms.Identity;
using Gateway.Transforms.Wire;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Transforms.Identity;

[TestFixture]
internal sealed class SessionIdFormTests
{
    [TestCase("s")]
    [TestCase("0123456789abcdefABCDEF-_")]
    [TestCase("AZaz09")]
    public void Read_LettersDigitsAndThePunctuation_IsTheId(string id) => Assert.That(Read(new SessionIdOptions(), id), Is.EqualTo(id));

    [TestCase("")]
    [TestCase("a:b")]
    [TestCase("a b")]
    [TestCase("a\0")]
    [TestCase("a\n")]
    [TestCase("a*")]
    [TestCase("{a}")]
    [TestCase("会话")]
    [TestCase("ａ", Description = "A full-width letter")]
    public void Read_AnythingElse_IsNull(string id) => Assert.That(Read(new SessionIdOptions(), id), Is.Null);

    [Test]
    public void Read_BytesThatAreNoText_IsNull() =>
        Assert.That(Read(new SessionIdOptions(), new ReadOnlySequence<byte>([0x1A, 2, 0x61, 0xC3]), new FieldRange(2, 2)), Is.Null);

    [Test]
    public void Read_Absent_IsNull() => Assert.That(Read(new SessionIdOptions(), new ReadOnlySequence<byte>([1, 2, 3]), default), Is.Null);

    [TestCase(3, false)]
    [TestCase(4, true)]
    [TestCase(6, true)]
    [TestCase(7, false)]
    public void Read_Length_HasToBeWithinTheBounds(int length, bool taken)
    {
        var id = new string('a', length);

        Assert.That(Read(new SessionIdOptions { MinIdLength = 4, MaxIdLength = 6 }, id), Is.EqualTo(taken ? id : null));
    }

    [TestCase(128, true)]
    [TestCase(129, false)]
    public void Read_LengthByDefault_IsAtMost128(int length, bool taken) =>
        Assert.That(Read(new SessionIdOptions(), new string('a', length)), Is.EqualTo(taken ? new string('a', length) : null));

    [Test]
    public void Read_OtherPunctuation_ReplacesTheDefault()
    {
        var options = new SessionIdOptions { IdPunctuation = "." };

        Assert.That(Read(options, "a.b"), Is.EqualTo("a.b"));
        Assert.That(Read(options, "a-b"), Is.Null);
    }

    [Test]
    public void Read_AcrossSegments_IsTheId()
    {
        foreach (var message in Segmented.Ways(Raw.Join(Raw.Text(1, "r1"), Raw.Text(3, "s-alice"), Raw.Text(4, "x"))))
        {
            Assert.That(Read(new SessionIdOptions(), message, new FieldRange(6, 7)), Is.EqualTo("s-alice"));
        }
    }

    private static string? Read(SessionIdOptions options, string id) =>
        Read(options, new ReadOnlySequence<byte>(Raw.Text(3, id)), new FieldRange(Raw.Text(3, id).Length - Encoding.UTF8.GetByteCount(id), Encoding.UTF8.GetByteCount(id)));

    private static string? Read(SessionIdOptions options, in ReadOnlySequence<byte> message, FieldRange range)
    {
        var sut = new SessionIdForm(Options.Create(options));
        return sut.Read(message, range);
    }
}
