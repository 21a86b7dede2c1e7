using System.Buffers;
using Gateway.Protocol;
using Gateway.Tests.Transforms.Identity;
using Gateway.Transforms.Wire;
using Google.Protobuf;

namespace Gateway.Tests.Transforms.Wire;

[TestFixture]
internal sealed class MessageCheckTests
{
    private const int Text = 1;
    private const int Message = 5;
    private const int StringMessage = 2;
    private const int Content = 1;

    [Test]
    public void IsSound_AnyMessageOfOurs_IsTrue()
    {
        var random = new Random(20261126);
        foreach (var type in RandomRequest.Types)
        {
            for (var round = 0; round < 200; round++)
            {
                var message = RandomRequest.Make(type, random).ToByteArray();
                Assert.That(MessageCheck.IsSound(Segmented.SingleBytes(message), type), Is.True, $"{type.Name}: {Convert.ToHexString(message)}");
            }
        }
    }

    /// <summary>What it lets pass, no parser refuses.</summary>
    [Test]
    public void IsSound_SpoiltBytes_IsTrueOnlyForWhatIsParsed()
    {
        var random = new Random(20261127);
        var (sound, refused) = (0, 0);
        for (var round = 0; round < 50_000; round++)
        {
            var type = RandomRequest.Types[random.Next(RandomRequest.Types.Length)];
            var message = RandomRequest.Make(type, random).ToByteArray();
            for (var spoilt = random.Next(1, 4); spoilt > 0 && message.Length > 0; spoilt--)
            {
                message[random.Next(message.Length)] = (byte)random.Next(256);
            }

            if (MessageCheck.IsSound(new ReadOnlySequence<byte>(message), type))
            {
                sound++;
                Assert.That(() => type.Parser.ParseFrom(message), Throws.Nothing, $"{type.Name}: {Convert.ToHexString(message)}");
            }
            else
            {
                refused++;
            }
        }

        Assert.That((sound > 1000, refused > 1000), Is.EqualTo((true, true)), $"{sound} sound, {refused} refused: one of the two is not tested");
    }

    [Test]
    public void IsSound_TextAcrossPieces_IsReadAsOne()
    {
        foreach (var way in Segmented.Ways(NewMessage("你好 €"u8.ToArray())))
        {
            Assert.That(MessageCheck.IsSound(way, NewMessageReq.Descriptor), Is.True);
        }
    }

    [TestCase(new byte[] { 0xC0, 0x80 })]
    [TestCase(new byte[] { 0xED, 0xA0, 0x80 }, Description = "Half of a surrogate pair")]
    [TestCase(new byte[] { 0xE4, 0xBD }, Description = "Cut short")]
    public void IsSound_TextThatIsNoUtf8_IsFalse(byte[] text)
    {
        Assert.That(MessageCheck.IsSound(new ReadOnlySequence<byte>(Raw.Bytes(Text, text)), NewMessageReq.Descriptor), Is.False);
        foreach (var way in Segmented.Ways(NewMessage(text)))
        {
            Assert.That(MessageCheck.IsSound(way, NewMessageReq.Descriptor), Is.False);
        }
    }

    [Test]
    public void IsSound_UnknownFields_AreNobodysText() =>
        Assert.That(MessageCheck.IsSound(new ReadOnlySequence<byte>(Raw.Bytes(100, [0xC0, 0x80])), NewMessageReq.Descriptor), Is.True);

    [Test]
    public void IsSound_InnerMessageThatEndsTooEarly_IsFalse() =>
        Assert.That(MessageCheck.IsSound(new ReadOnlySequence<byte>(Raw.Bytes(Message, [0x12, 5, 0x0A])), NewMessageReq.Descriptor), Is.False);

    private static byte[] NewMessage(byte[] text) => Raw.Bytes(Message, Raw.Bytes(StringMessage, Raw.Bytes(Content, text)));
}
