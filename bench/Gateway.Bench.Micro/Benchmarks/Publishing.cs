using BenchmarkDotNet.Attributes;
using Gateway.Bench.Micro.Parts;
using Gateway.Protocol;

namespace Gateway.Bench.Micro.Benchmarks;

/// <summary>Takes an event to the sockets of this process, until each has had it; the sockets themselves cost nothing.</summary>
public class Publishing : IAsyncDisposable
{
    private readonly NotifyMessage _event = Samples.Event(avatar: 0);
    private readonly InProcessHub _one = new(sockets: 1);
    private readonly InProcessHub _hundred = new(sockets: 100);

    /// <summary>How many bytes all sockets together have been sent.</summary>
    [Benchmark]
    public Task<long> ToOne() => _one.PublishAsync(_event);

    [Benchmark]
    public Task<long> ToHundred() => _hundred.PublishAsync(_event);

    [GlobalCleanup]
    public async ValueTask DisposeAsync()
    {
        await _one.DisposeAsync();
        await _hundred.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
