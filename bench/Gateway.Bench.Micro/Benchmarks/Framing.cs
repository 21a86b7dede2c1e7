using System.Buffers;
using BenchmarkDotNet.Attributes;
using Gateway.Bench.Micro.Parts;
using Gateway.Transforms.Rpc;

namespace Gateway.Bench.Micro.Benchmarks;

/// <summary>Puts a message into its gRPC frame, as the connection to a sub-service asks for it.</summary>
public class Framing : IDisposable
{
    private readonly ReadOnlySequence<byte> _small = new(Samples.SmallRequest);
    private readonly ReadOnlySequence<byte> _large = new(Samples.LargeRequest);
    private readonly MemoryStream _sent = new(2 * Samples.LargeText);

    [Benchmark]
    public Task<ReadOnlyMemory<byte>> Small() => SendAsync(_small);

    [Benchmark]
    public Task<ReadOnlyMemory<byte>> Large() => SendAsync(_large);

    public void Dispose()
    {
        _sent.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task<ReadOnlyMemory<byte>> SendAsync(ReadOnlySequence<byte> message)
    {
        _sent.SetLength(0);
        using var content = CallContent.Of(message, more: null, RpcProtocol.Grpc);
        await content.CopyToAsync(_sent);
        return _sent.GetBuffer().AsMemory(0, (int)_sent.Length);
    }
}
