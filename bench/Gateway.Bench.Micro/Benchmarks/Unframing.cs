using BenchmarkDotNet.Attributes;
using Gateway.Bench.Micro.Parts;
using Gateway.Transforms.Rpc;

namespace Gateway.Bench.Micro.Benchmarks;

/// <summary>Takes an answer out of its gRPC frame and looks at its status.</summary>
public class Unframing : IDisposable
{
    private readonly HttpResponseMessage _small = GrpcAnswers.Of(Samples.SmallRequest);
    private readonly HttpResponseMessage _large = GrpcAnswers.Of(Samples.LargeRequest);
    private readonly byte[] _read = new byte[2 * Samples.LargeText];

    [Benchmark]
    public Task<ReadOnlyMemory<byte>> Small() => ReadAsync(_small);

    [Benchmark]
    public Task<ReadOnlyMemory<byte>> Large() => ReadAsync(_large);

    public void Dispose()
    {
        _small.Dispose();
        _large.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task<ReadOnlyMemory<byte>> ReadAsync(HttpResponseMessage answer)
    {
        await using var message = await GrpcAnswerStream.OpenAsync(answer, CancellationToken.None);
        var length = await message.ReadAtLeastAsync(_read, (int)message.MessageLength, throwOnEndOfStream: false);
        return _read.AsMemory(0, length);
    }
}
