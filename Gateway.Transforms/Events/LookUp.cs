using System.Buffers;
using Gateway.Transforms.Wire;
using Google.Protobuf.Reflection;

namespace Gateway.Transforms.Events;

/// <summary>An RPC that is asked before rules that need its answer are followed: once for a call, however many need it.</summary>
/// <param name="Name">Its name among the look-ups of a route.</param>
/// <param name="Source">The number of its answer, see <see cref="CallFacts"/>.</param>
/// <param name="Request">Makes the request.</param>
/// <param name="Call">Who is asked, and what is read of the answer.</param>
internal sealed record LookUp(string Name, int Source, MessageTemplate Request, LookUpCall Call)
{
    /// <summary>Asks, and notes the answer. Throws as <see cref="LookUpCall.AskAsync"/> does.</summary>
    public async Task AskAsync(ISubServices services, CallFacts facts, int maxAnswer, CancellationToken cancellationToken) =>
        facts[Source] = await Call.AskAsync(services, new ReadOnlySequence<byte>(Request.Make(facts)), maxAnswer, cancellationToken);
}

/// <summary>An RPC of the gateway's own, on behalf of rules.</summary>
/// <param name="ClusterId">Who answers.</param>
/// <param name="Rpc"><c>package.Service/Method</c>.</param>
/// <param name="Answer">What is read of the answer.</param>
/// <param name="Success">The number of the boolean among that which says whether the RPC succeeded; -1 where the answer has none.</param>
internal sealed record LookUpCall(string ClusterId, string Rpc, MessageQuery Answer, int Success)
{
    /// <param name="clusterId">Who answers.</param>
    /// <param name="rpc"><c>package.Service/Method</c>.</param>
    /// <param name="answer">What is read of the answer.</param>
    /// <param name="success">The way to the boolean that says whether the RPC succeeded; null where the answer has none.</param>
    public static LookUpCall Of(string clusterId, string rpc, MessageQuery answer, IReadOnlyList<FieldDescriptor>? success) =>
        new(clusterId, rpc, answer, success is null ? -1 : answer.Add(success));

    /// <summary>Asks. Throws what the transport throws, and for an answer that says that the RPC failed.</summary>
    public async Task<FieldValues> AskAsync(ISubServices services, ReadOnlySequence<byte> request, int maxAnswer, CancellationToken cancellationToken)
    {
        var answer = Answer.Find(new ReadOnlySequence<byte>(await services.AskAsync(ClusterId, '/' + Rpc, request, maxAnswer, cancellationToken)));
        return Success < 0 || (answer.Count(Success) > 0 && WireValue.Read(answer.Value(Success, 0), FieldType.Bool) != 0)
            ? answer
            : throw new InvalidOperationException($"'{Rpc}' answered success=false.");
    }
}
