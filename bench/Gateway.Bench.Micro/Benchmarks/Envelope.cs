using BenchmarkDotNet.Attributes;
using Gateway.Bench.Micro.Parts;
using Gateway.Transforms.Errors;
using Gateway.Transforms.Verdicts;
using Gateway.Transforms.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Gateway.Bench.Micro.Benchmarks;

/// <summary>Writes the reply of a call that failed.</summary>
public class Envelope : IDisposable
{
    private readonly ErrorEnvelope _envelope = new(Options.Create(new ErrorOptions()));
    private static readonly EnvelopeFields Fields = new([1], [], [3], [], IsCodeNumber: false);

    private readonly MemoryStream _written = new();
    private readonly DefaultHttpContext _context = new();

    [Benchmark]
    public Task<ReadOnlyMemory<byte>> English() => WriteAsync("");

    [Benchmark]
    public Task<ReadOnlyMemory<byte>> Chinese() => WriteAsync("zh-CN,zh;q=0.9");

    public void Dispose()
    {
        _written.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task<ReadOnlyMemory<byte>> WriteAsync(string languages)
    {
        _written.SetLength(0);
        // A reply completes its response, so each needs one of its own.
        _context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(_written));
        _context.Request.Headers.AcceptLanguage = languages;
        await _envelope.WriteAsync(_context, Fields, RpcOutcome.SessionInvalid, Samples.RequestId);
        return _written.GetBuffer().AsMemory(0, (int)_written.Length);
    }
}
