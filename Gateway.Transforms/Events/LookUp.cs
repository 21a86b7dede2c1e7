using System.Buffers;
using Gateway.Transforms.Wire;

namespace Gateway.Transforms.Events;

/// <summary>An RPC that is asked before rules that need its answer are followed: once for a call, however many need it.</summary>
/// <param name="Name">Its name among the look-ups of a route.</param>
/// <param name="Source">The number of its answer, see <see cref="CallFacts"/>.</param>
/// <param name="ClusterId">Who answers.</param>
/// <param name="Rpc"><c>package.Service/Method</c>.</param>
/// <param name="Request">Makes the request.</param>
/// <param name="Answer">What is read of the answer.</param>
/// <param name="Success">Whether it is one; null where the answer does not say.</param>
internal sealed record LookUp(string Name, int Source, string ClusterId, string Rpc, MessageTemplate Request, MessageQuery Answer, Condition? Success)
{
    /// <summary>Asks, and notes the answer. Throws what its transport throws, and for an answer that says that it is none.</summary>
    public async Task AskAsync(ISubServices services, CallFacts facts, int maxAnswer, CancellationToken cancellationToken)
    {
        var (length, sizes) = Request.Measure(facts);
        var request = new byte[length];
        Request.Write(facts, sizes, request);
        var answer = await services.AskAsync(ClusterId, '/' + Rpc, new ReadOnlySequence<byte>(request), maxAnswer, cancellationToken);
        facts[Source] = Answer.Find(new ReadOnlySequence<byte>(answer));
        if (Success?.Holds(facts) is false)
        {
            throw new InvalidOperationException($"'{Rpc}' answered success=false.");
        }
    }
}
