using System.Buffers;
using Gateway.Tests.Support;
using Gateway.Transforms.Wire;

namespace Gateway.Tests.Transforms.Wire;

[TestFixture]
internal sealed class SequenceStreamTests
{
    [Test]
    public async Task ReadAsync_BufferOfAnySize_GivesTheBytesInOrder()
    {
        byte[] bytes = [1, 2, 3, 4, 5, 6, 7];
        foreach (var sequence in Segmented.Ways(bytes))
        {
            for (var size = 1; size <= bytes.Length + 1; size++)
            {
                await using var sut = new SequenceStream(sequence);
                using var read = new MemoryStream();
                await sut.CopyToAsync(read, size).DefaultTimeout();

                Assert.That(read.ToArray(), Is.EqualTo(bytes), $"read {size} at a time");
            }
        }
    }

    [Test]
    public async Task ReadAsync_AtTheEnd_ReturnsZeroEachTime()
    {
        await using var sut = new SequenceStream(new ReadOnlySequence<byte>([1]));
        var buffer = new byte[4];

        Assert.That(await sut.ReadAsync(buffer).DefaultTimeout(), Is.EqualTo(1));
        Assert.That(await sut.ReadAsync(buffer).DefaultTimeout(), Is.Zero);
        Assert.That(await sut.ReadAsync(buffer).DefaultTimeout(), Is.Zero);
    }

    [Test]
    public async Task ReadAsync_IntoNoSpace_TakesNothing()
    {
        await using var sut = new SequenceStream(new ReadOnlySequence<byte>([1]));

        Assert.That(await sut.ReadAsync(Memory<byte>.Empty).DefaultTimeout(), Is.Zero);
        Assert.That(await sut.ReadAsync(new byte[1]).DefaultTimeout(), Is.EqualTo(1));
    }

    [Test]
    public async Task ReadAsync_Cancelled_Throws()
    {
        await using var sut = new SequenceStream(new ReadOnlySequence<byte>([1]));

        Assert.That(
            async () => await sut.ReadAsync(new byte[1], new CancellationToken(canceled: true)),
            Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void Stream_AnythingButReadingForward_IsNotSupported()
    {
        using var sut = new SequenceStream(new ReadOnlySequence<byte>([1]));

        Assert.That((sut.CanRead, sut.CanSeek, sut.CanWrite), Is.EqualTo((true, false, false)));
        Assert.That(() => sut.Length, Throws.TypeOf<NotSupportedException>());
        Assert.That(() => sut.Position, Throws.TypeOf<NotSupportedException>());
        Assert.That(() => sut.Position = 0, Throws.TypeOf<NotSupportedException>());
        Assert.That(() => sut.Seek(0, SeekOrigin.Begin), Throws.TypeOf<NotSupportedException>());
        Assert.That(() => sut.SetLength(0), Throws.TypeOf<NotSupportedException>());
        Assert.That(() => sut.Write([1], 0, 1), Throws.TypeOf<NotSupportedException>());
    }
}
