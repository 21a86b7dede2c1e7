using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.Proxy.Canary;

/// <summary>
/// Who belongs to a canary: a number between 0 and 1 for everybody, drawn once and for all from what is the same on every gateway. Whoever is below a
/// share stays below a larger one. All routes with the same two clusters draw the same number, so a user meets one version of a sub-service on all of them.
/// </summary>
internal static class CanaryDraw
{
    private const double Unit = 1.0 / (1L << 53);

    /// <param name="cluster">The route's own cluster.</param>
    /// <param name="canary">The other one.</param>
    /// <param name="who">The user, or where nobody is known the client's address.</param>
    /// <returns>0 to less than 1.</returns>
    public static double Of(string cluster, string canary, string who)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        // Clusters are the same in upper and lower case, users are not.
        SHA256.HashData(Encoding.UTF8.GetBytes($"{cluster.ToUpperInvariant()}\n{canary.ToUpperInvariant()}\n{who}"), hash);
        return (BinaryPrimitives.ReadUInt64BigEndian(hash) >> 11) * Unit;
    }
}
