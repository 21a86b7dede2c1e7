using System.Buffers;
using BenchmarkDotNet.Attributes;
using Gateway.Bench.Micro.Parts;
using Gateway.Protocol;
using Gateway.Transforms.Identity;
using Gateway.Transforms.Wire;

namespace Gateway.Bench.Micro.Benchmarks;

/// <summary>Puts the session's user into a request that has been scanned.</summary>
public class Injection
{
    private readonly ReadOnlySequence<byte> _honest = new(Samples.SmallRequest);
    private readonly ReadOnlySequence<byte> _forged = new(Samples.ForgedRequest);
    private readonly IReadOnlyList<FieldRange>? _forgedIds =
        MessageScanner.Scan(new ReadOnlySequence<byte>(Samples.ForgedRequest), MessageFields.Of(GetUserInfoReq.Descriptor)).UserIds;

    [Benchmark]
    public ReadOnlySequence<byte> Append() =>
        UserIdInjector.Inject(_honest, clientUserIds: null, GetUserInfoReq.UserIdFieldNumber, Samples.UserId);

    [Benchmark]
    public ReadOnlySequence<byte> Replace() =>
        UserIdInjector.Inject(_forged, _forgedIds, GetUserInfoReq.UserIdFieldNumber, Samples.UserId);
}
