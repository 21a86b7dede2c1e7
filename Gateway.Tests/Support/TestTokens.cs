using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Support;

/// <summary>Writes tokens (JWT) by hand, so that a test can have any wrong one, and the keys to check them with.</summary>
internal sealed class TestTokens : IDisposable
{
    public const string Secret = "a secret of the tests, of more than 32 bytes";

    private readonly RSA _rsa = RSA.Create(2048);
    private readonly ECDsa _curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>The set of public keys: <c>rsa-1</c> and <c>ec-1</c>, and such as are of no use to a gateway.</summary>
    public string KeySet => JsonSerializer.Serialize(new
    {
        keys = new object[] { RsaKey("rsa-1"), CurveKey("ec-1"), new { kty = "oct", kid = "oct-1", k = Text(Encoding.UTF8.GetBytes(Secret)) }, new { kty = "RSA", kid = "enc-1", use = "enc", n = "AQAB", e = "AQAB" } },
    });

    /// <summary>The public key as text, which some libraries could be brought to take for a secret.</summary>
    public byte[] PublicKey => Encoding.ASCII.GetBytes(_rsa.ExportSubjectPublicKeyInfoPem());

    public static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>A set of one key.</summary>
    public string KeySetOf(string id) => JsonSerializer.Serialize(new { keys = new object[] { RsaKey(id) } });

    /// <summary>Claims that are good for an hour.</summary>
    public static JsonObject Claims(string user = "alice", params (string Name, JsonNode? Value)[] further)
    {
        var claims = new JsonObject { ["sub"] = user, ["exp"] = Now + 3600, ["jti"] = "j1" };
        foreach (var (name, value) in further)
        {
            claims.Remove(name);
            if (value is not null)
            {
                claims[name] = value;
            }
        }

        return claims;
    }

    public static string Hs256(JsonObject? claims = null, string secret = Secret) => Hs256(new JsonObject { ["alg"] = "HS256", ["typ"] = "JWT" }, claims ?? Claims(), Encoding.UTF8.GetBytes(secret));

    public static string Hs256(JsonObject header, JsonObject claims, byte[] secret) => Sign(header, claims, input => HMACSHA256.HashData(secret, input));

    public string Rs256(JsonObject? claims = null, string? id = "rsa-1", string algorithm = "RS256", RSA? by = null) => Sign(
        Header(algorithm, id), claims ?? Claims(), input => (by ?? _rsa).SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    public string Es256(JsonObject? claims = null, string? id = "ec-1") => Sign(Header("ES256", id), claims ?? Claims(), input => _curve.SignData(input, HashAlgorithmName.SHA256));

    public static string Sign(JsonObject header, JsonObject claims, Func<byte[], byte[]> sign)
    {
        var input = $"{Text(Encoding.UTF8.GetBytes(header.ToJsonString()))}.{Text(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        return $"{input}.{Text(sign(Encoding.ASCII.GetBytes(input)))}";
    }

    public static JsonObject Header(string algorithm, string? id = null) =>
        id is null ? new JsonObject { ["alg"] = algorithm } : new JsonObject { ["alg"] = algorithm, ["kid"] = id };

    public void Dispose()
    {
        _rsa.Dispose();
        _curve.Dispose();
    }

    private object RsaKey(string id)
    {
        var key = _rsa.ExportParameters(includePrivateParameters: false);
        return new { kty = "RSA", kid = id, use = "sig", alg = "RS256", n = Text(key.Modulus), e = Text(key.Exponent) };
    }

    private object CurveKey(string id)
    {
        var key = _curve.ExportParameters(includePrivateParameters: false);
        return new { kty = "EC", kid = id, crv = "P-256", x = Text(key.Q.X), y = Text(key.Q.Y) };
    }

    private static string Text(byte[]? bytes) => Base64Url.EncodeToString(bytes);
}
