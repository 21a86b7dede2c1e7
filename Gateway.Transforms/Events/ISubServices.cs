using System.Buffers;

namespace Gateway.Transforms.Events;

/// <summary>Calls that rules make for themselves.</summary>
public interface ISubServices
{
    /// <summary>
    /// Asks an instance of a cluster that could get a client's call as well, and in the same way. Throws what its transport throws, and
    /// <see cref="InvalidOperationException"/> when there is no instance.
    /// </summary>
    /// <param name="clusterId">The cluster.</param>
    /// <param name="path">The path of the method.</param>
    /// <param name="request">The message.</param>
    /// <param name="maxAnswer">The longest answer, in bytes.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    Task<byte[]> AskAsync(string clusterId, string path, ReadOnlySequence<byte> request, int maxAnswer, CancellationToken cancellationToken);
}
