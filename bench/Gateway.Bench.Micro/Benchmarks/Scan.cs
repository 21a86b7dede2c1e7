using System.Buffers;
using BenchmarkDotNet.Attributes;
using Gateway.Bench.Micro.Parts;
using Gateway.Protocol;
using Gateway.Transforms.Wire;

namespace Gateway.Bench.Micro.Benchmarks;

/// <summary>Finds the ids in a request that is held whole.</summary>
public class Scan
{
    private readonly byte[] _small = Samples.SmallRequest;
    private readonly byte[] _large = Samples.LargeRequest;
    private readonly byte[] _manyFields = Samples.ManyFieldsRequest;
    private readonly MessageFields _smallFields = MessageFields.Of(GetUserInfoReq.Descriptor);
    private readonly MessageFields _largeFields = MessageFields.Of(NewMessageReq.Descriptor);
    private readonly MessageFields _manyFieldsFields = MessageFields.Of(GetMultiFileReq.Descriptor);

    [Benchmark]
    public ReadOnlyMemory<byte> Small() => SessionId(_small, _smallFields);

    [Benchmark]
    public ReadOnlyMemory<byte> Large() => SessionId(_large, _largeFields);

    [Benchmark]
    public ReadOnlyMemory<byte> ManyFields() => SessionId(_manyFields, _manyFieldsFields);

    private static ReadOnlyMemory<byte> SessionId(byte[] message, MessageFields fields)
    {
        var scan = MessageScanner.Scan(new ReadOnlySequence<byte>(message), fields);
        return scan.Problem is null ? message.AsMemory((int)scan.SessionId.Offset, (int)scan.SessionId.Length) : default;
    }
}
