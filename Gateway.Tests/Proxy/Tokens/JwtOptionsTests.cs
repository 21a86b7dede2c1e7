using Gateway.Proxy.Tokens;
using Gateway.Tests.Support;

namespace Gateway.Tests.Proxy.Tokens;

[TestFixture]
internal sealed class JwtOptionsTests
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("gateway-jwt-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Defaults_TakeNoTokens()
    {
        Assert.That(new JwtOptions().IsSet, Is.False);
        Assert.That(Errors(new JwtOptions()), Is.Empty);
    }

    [Test]
    public void Files_WithKeys_AreTaken()
    {
        using var tokens = new TestTokens();

        Assert.That(Errors(new JwtOptions { SecretFile = File("secret", TestTokens.Secret + "\n\n" + TestTokens.Secret), JwksFile = File("keys", tokens.KeySet), Issuer = "i", Audience = "a", DenyKeyPattern = "jwt:{jti}" }), Is.Empty);
        Assert.That(Errors(new JwtOptions { JwksUrl = "https://auth.example.com/keys" }), Is.Empty);
    }

    [Test]
    public void SettingsWithoutKeys_AreRefused() => Assert.That(
        Errors(new JwtOptions { Issuer = "i", Audience = "a", DenyKeyPattern = "{jti}", AcceptSessions = false }),
        Is.EqualTo(new[]
        {
            "Gateway:Jwt:Issuer is 'i', but no keys are named, so no token is taken; set SecretFile, JwksFile or JwksUrl, or leave it empty.",
            "Gateway:Jwt:Audience is 'a', but no keys are named, so no token is taken; set SecretFile, JwksFile or JwksUrl, or leave it empty.",
            "Gateway:Jwt:DenyKeyPattern is '{jti}', but no keys are named, so no token is taken; set SecretFile, JwksFile or JwksUrl, or leave it empty.",
            "Gateway:Jwt:AcceptSessions is 'false', but no keys are named, so nobody could log in; set SecretFile, JwksFile or JwksUrl.",
        }));

    [Test]
    public void Values_OutOfBounds_AreRefused() => Assert.That(
        Errors(new JwtOptions
        {
            JwksUrl = "https://auth.example.com/keys",
            UserIdClaim = "",
            DenyKeyPattern = "jwt",
            ClockSkew = TimeSpan.FromHours(1),
            MaxLength = 1,
            RefreshInterval = TimeSpan.Zero,
            FetchTimeout = TimeSpan.Zero,
        }),
        Is.EqualTo(new[]
        {
            "Gateway:Jwt:UserIdClaim is empty; name the claim that is the user id, as 'sub'.",
            "Gateway:Jwt:DenyKeyPattern is 'jwt'; write {jti} in it exactly once, as in 'jwt:denied:{jti}', or leave it empty.",
            "Gateway:Jwt:ClockSkew is '01:00:00'; use '00:00:00' to '00:05:00'.",
            "Gateway:Jwt:MaxLength is 1; use 256 to 16384.",
            "Gateway:Jwt:RefreshInterval is '00:00:00'; use '00:01:00' to '1.00:00:00'.",
            "Gateway:Jwt:FetchTimeout is '00:00:00'; use '00:00:00.1000000' to '00:00:30'.",
        }));

    [TestCase("auth.example.com/keys")]
    [TestCase("file:///etc/passwd")]
    [TestCase("https://user:password@auth.example.com/keys")]
    public void Address_OfAnotherKind_IsRefused(string address) => Assert.That(
        Errors(new JwtOptions { JwksUrl = address }),
        Is.EqualTo(new[] { $"Gateway:Jwt:JwksUrl is '{address}'; use an address as 'https://auth.example.com/.well-known/jwks.json', without user or password." }));

    [TestCase("", "it has 0 secrets")]
    [TestCase("short", "it has a secret that is too short")]
    [TestCase(TestTokens.Secret + "\nshort", "it has a secret that is too short")]
    public void Secret_TooShort_IsRefused(string text, string reason)
    {
        var file = File("secret", text);

        Assert.That(Errors(new JwtOptions { SecretFile = file }), Is.EqualTo(new[]
        {
            $"Gateway:Jwt:SecretFile is '{file}', which cannot be used ({reason}); write secrets of at least 32 bytes into it, one a line.",
        }));
    }

    [TestCase("nonsense", "it is no JSON Web Key Set")]
    [TestCase("""{ "keys": [] }""", "it has no key for RS256 or ES256")]
    [TestCase("""{ "keys": [ { "kty": "oct", "k": "c2VjcmV0" } ] }""", "it has no key for RS256 or ES256")]
    [TestCase("""{ "keys": [ { "kty": "RSA", "n": "AQAB", "e": "AQAB" } ] }""", "it has no key for RS256 or ES256")]
    [TestCase("""{ "keys": [ { "kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ" } ] }""", "it has no key for RS256 or ES256")]
    public void KeySet_WithoutKeysOfUse_IsRefused(string json, string reason)
    {
        var file = File("keys", json);

        Assert.That(Errors(new JwtOptions { JwksFile = file }), Is.EqualTo(new[]
        {
            $"Gateway:Jwt:JwksFile is '{file}', which cannot be used ({reason}); put a JSON Web Key Set with public keys for RS256 or ES256 there.",
        }));
    }

    [Test]
    public void FileThatIsMissing_AndTwoSets_AreRefused()
    {
        var errors = Errors(new JwtOptions { JwksFile = Path.Combine(_folder, "none"), JwksUrl = "https://auth.example.com/keys" });

        Assert.That(errors, Has.Count.EqualTo(2));
        Assert.That(errors[0], Is.EqualTo("Gateway:Jwt has both JwksFile and JwksUrl; keep one of them."));
        Assert.That(errors[1], Does.StartWith("Gateway:Jwt:JwksFile is '").And.EndsWith("; put a JSON Web Key Set with public keys for RS256 or ES256 there."));
    }

    private static List<string> Errors(JwtOptions options) => [.. new JwtOptionsValidator().Validate(null, options).Failures ?? []];

    private string File(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }
}
