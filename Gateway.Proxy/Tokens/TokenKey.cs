using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace Gateway.Proxy.Tokens;

/// <summary>A key that tokens are signed with, for one algorithm and no other: a public key is never taken for a secret.</summary>
/// <param name="Id">What tokens call it (<c>kid</c>); null where it has no name.</param>
/// <param name="Algorithm">How they are signed with it.</param>
/// <param name="Key">The key.</param>
internal sealed record TokenKey(string? Id, string Algorithm, SecurityKey Key)
{
    private const int MinSecret = 32;
    private const int MinRsaBits = 2048;
    private const int MaxKeys = 64;

    /// <summary>The algorithms of keys in a set; a secret is for HS256.</summary>
    public static bool IsOfSet(string algorithm) => algorithm is SecurityAlgorithms.RsaSha256 or SecurityAlgorithms.EcdsaSha256;

    /// <summary>Secrets, one a line.</summary>
    /// <exception cref="InvalidDataException">There is none, or one that is too short.</exception>
    public static IReadOnlyList<TokenKey> ReadSecrets(string text)
    {
        byte[][] secrets = [.. text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Encoding.UTF8.GetBytes)];
        return secrets.Length is 0 or > MaxKeys ? throw new InvalidDataException($"it has {secrets.Length} secrets")
            : Array.Exists(secrets, secret => secret.Length < MinSecret) ? throw new InvalidDataException("it has a secret that is too short")
            : [.. secrets.Select(secret => new TokenKey(null, SecurityAlgorithms.HmacSha256, new SymmetricSecurityKey(secret)))];
    }

    /// <summary>The keys of a set that are of use here. Others, such as secrets and keys that encrypt, are passed over.</summary>
    /// <exception cref="InvalidDataException">It is no set, or there is no such key in it.</exception>
    public static IReadOnlyList<TokenKey> ReadSet(string json)
    {
        JsonWebKeySet set;
        try
        {
            set = new JsonWebKeySet(json);
        }
        catch (ArgumentException exception)
        {
            throw new InvalidDataException("it is no JSON Web Key Set", exception);
        }

        TokenKey[] keys = set.Keys.Count > MaxKeys ? throw new InvalidDataException($"it has {set.Keys.Count} keys") : [.. set.Keys.Select(Read).OfType<TokenKey>()];
        return keys.Length > 0 ? keys : throw new InvalidDataException("it has no key for RS256 or ES256");
    }

    /// <summary>Whether an exception is about a file, an address or what stands there.</summary>
    public static bool IsTrouble(Exception exception) =>
        exception is IOException or InvalidDataException or UnauthorizedAccessException or HttpRequestException or OperationCanceledException;

    private static TokenKey? Read(JsonWebKey key)
    {
        if (key.Use is not (null or "" or "sig"))
        {
            return null;
        }

        var id = string.IsNullOrEmpty(key.Kid) ? null : key.Kid;
        try
        {
            return key.Kty switch
            {
                "RSA" when key.Alg is null or "" or SecurityAlgorithms.RsaSha256 => OfRsa(id, key),
                "EC" when key is { Crv: "P-256", Alg: null or "" or SecurityAlgorithms.EcdsaSha256 } => OfCurve(id, key),
                _ => null,
            };
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException or FormatException)
        {
            // Numbers that are no key.
            return null;
        }
    }

    private static TokenKey? OfRsa(string? id, JsonWebKey key)
    {
        var rsa = new RsaSecurityKey(new RSAParameters { Modulus = Base64UrlEncoder.DecodeBytes(key.N), Exponent = Base64UrlEncoder.DecodeBytes(key.E) });
        return rsa.KeySize < MinRsaBits ? null : new(id, SecurityAlgorithms.RsaSha256, rsa);
    }

    private static TokenKey OfCurve(string? id, JsonWebKey key) => new(id, SecurityAlgorithms.EcdsaSha256, new ECDsaSecurityKey(ECDsa.Create(new ECParameters
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new ECPoint { X = Base64UrlEncoder.DecodeBytes(key.X), Y = Base64UrlEncoder.DecodeBytes(key.Y) },
    })));
}
