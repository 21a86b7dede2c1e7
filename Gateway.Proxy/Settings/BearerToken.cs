using System.Security.Cryptography;
using System.Text;

namespace Gateway.Proxy.Settings;

/// <summary>A secret that requests send as <c>Authorization: Bearer</c>.</summary>
/// <param name="token">The secret.</param>
internal sealed class BearerToken(string token)
{
    /// <summary>What a refused request is told to send.</summary>
    public const string Scheme = "Bearer";

    private const string Prefix = $"{Scheme} ";

    /// <summary>A hash, so that comparing takes the same time whatever was sent.</summary>
    private readonly byte[] _hash = Hash(token);

    /// <param name="authorization">The header of a request.</param>
    public bool IsIn(string authorization) =>
        authorization.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && CryptographicOperations.FixedTimeEquals(Hash(authorization[Prefix.Length..].Trim()), _hash);

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
