using Gateway.Chaos.Fuzzing.Targets;

namespace Gateway.Chaos.Fuzzing;

/// <summary>All that is fuzzed.</summary>
internal static class FuzzTargets
{
    public static IReadOnlyList<IFuzzTarget> All() =>
        [new IdentityTarget(), new UploadTarget(), new AnswerTarget(), new StatusTarget(), new HubTarget(), new InstanceTarget(), new RouteTarget(), new EventsTarget(), new HpackTarget(), new BrpcTarget(), new Http2Target()];
}
