namespace Gateway.Transforms.Upstream.Http2;

/// <summary>
/// A compressed answer, unpacked. The compression says by itself where it ends, perhaps before the answer does; the last bytes are
/// behind it only when that has been read to its end as well, because the call's status stands there.
/// </summary>
/// <param name="unpacked">The message.</param>
/// <param name="packed">The answer it is unpacked from.</param>
internal sealed class DecompressedAnswer(Stream unpacked, GrpcAnswer packed) : ReadOnlyStream
{
    private const int ScrapBytes = 1 << 10;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        var read = await unpacked.ReadAsync(buffer, cancellationToken);
        if (read == 0)
        {
            await ReadToEndAsync(cancellationToken);
        }

        return read;
    }

    public override async ValueTask DisposeAsync()
    {
        await unpacked.DisposeAsync();
        await packed.DisposeAsync();
        await base.DisposeAsync();
    }

    private async ValueTask ReadToEndAsync(CancellationToken cancellationToken)
    {
        var scrap = new byte[ScrapBytes];
        while (await packed.ReadAsync(scrap, cancellationToken) > 0)
        {
        }
    }
}
