using Gateway.Transforms.Upstream.Http2;

namespace Gateway.Tests.Transforms.Upstream.Http2;

[TestFixture]
internal sealed class GrpcFrameTests
{
    [TestCase(0u, new byte[] { 0, 0, 0, 0, 0 })]
    [TestCase(1u, new byte[] { 0, 0, 0, 0, 1 })]
    [TestCase(258u, new byte[] { 0, 0, 0, 1, 2 })]
    [TestCase(66_051u, new byte[] { 0, 0, 1, 2, 3 })]
    [TestCase(uint.MaxValue, new byte[] { 0, 0xFF, 0xFF, 0xFF, 0xFF })]
    public void WriteHeader_AnyMemory_HasFlagAndLength(uint length, byte[] header)
    {
        byte[] memory = [9, 9, 9, 9, 9, 9];

        GrpcFrame.WriteHeader(memory, length);

        Assert.That(memory, Is.EqualTo((byte[])[.. header, 9]));
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
