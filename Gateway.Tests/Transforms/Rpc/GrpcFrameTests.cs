using System.Buffers;
using Gateway.Tests.Transforms.Wire;
using Gateway.Transforms.Rpc;

namespace Gateway.Tests.Transforms.Rpc;

[TestFixture]
internal sealed class GrpcFrameTests
{
    [TestCase(0, new byte[] { 0, 0, 0, 0, 0 })]
    [TestCase(1, new byte[] { 0, 0, 0, 0, 1 })]
    [TestCase(258, new byte[] { 0, 0, 0, 1, 2 })]
    [TestCase(66_051, new byte[] { 0, 0, 1, 2, 3 })]
    public void Wrap_Message_PutsItsLengthBeforeIt(int length, byte[] header)
    {
        byte[] message = [.. Enumerable.Range(0, length).Select(i => (byte)i)];

        Assert.That(GrpcFrame.Wrap(new ReadOnlySequence<byte>(message)).ToArray(), Is.EqualTo(Raw.Join(header, message)));
    }

    [Test]
    public void Wrap_SegmentedMessage_IsNotCopied()
    {
        byte[] message = [1, 2, 3];

        var frame = GrpcFrame.Wrap(new ReadOnlySequence<byte>(message));
        message[1] = 9;

        Assert.That(frame.ToArray(), Is.EqualTo(new byte[] { 0, 0, 0, 0, 3, 1, 9, 3 }));
    }

    [TestCase(new byte[] { 0, 0, 0, 0, 0 }, false, 0u)]
    [TestCase(new byte[] { 0, 0, 1, 2, 3 }, false, 66_051u)]
    [TestCase(new byte[] { 1, 0, 0, 0, 7 }, true, 7u)]
    [TestCase(new byte[] { 0, 0xFF, 0xFF, 0xFF, 0xFF }, false, uint.MaxValue)]
    public void TryRead_FlagOfGrpc_ReadsBoth(byte[] header, bool isCompressed, uint expected)
    {
        Assert.That(GrpcFrame.TryRead(header, out var compressed, out var length), Is.True);
        Assert.That((compressed, length), Is.EqualTo((isCompressed, expected)));
    }

    [TestCase(2)]
    [TestCase(0x80)]
    [TestCase((byte)'H', Description = "The beginning of an HTTP/1.1 answer")]
    public void TryRead_OtherFlag_IsFalse(byte flag) => Assert.That(GrpcFrame.TryRead([flag, 0, 0, 0, 1], out _, out _), Is.False);
}
