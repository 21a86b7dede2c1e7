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
    private static readonly MessageFields Fields = MessageFields.Of(GetUserInfoReq.Descriptor);

    private readonly ReadOnlySequence<byte> _honest = new(Samples.SmallRequest);
    private readonly ReadOnlySequence<byte> _forged = new(Samples.ForgedRequest);
    private readonly IReadOnlyList<Edit>? _forgedIds =
        MessageScanner.Scan(new ReadOnlySequence<byte>(Samples.ForgedRequest), Fields).UserIds;

    [Benchmark]
    public ReadOnlySequence<byte> Append() =>
        UserIdInjector.Inject(_honest, clientUserIds: null, Fields.UserIdField(Samples.UserId));

    [Benchmark]
    public ReadOnlySequence<byte> Replace() =>
        UserIdInjector.Inject(_forged, _forgedIds, Fields.UserIdField(Samples.UserId));
}
