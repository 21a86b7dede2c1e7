using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Tests.Support;
using Gateway.Transforms.Identity;

namespace Gateway.Tests.Proxy.Tokens;

/// <summary>Who is let in with a token, and above all who is not.</summary>
[TestFixture]
internal sealed class TokenCheckTests
{
    [Test]
    public async Task Check_SignedByAKnownKey_IsItsUser()
    {
        using var sut = new TokenSut();

        Assert.That(await sut.UserOfAsync(TestTokens.Hs256()), Is.EqualTo("alice"));
        Assert.That(await sut.UserOfAsync(sut.Tokens.Rs256()), Is.EqualTo("alice"));
        Assert.That(await sut.UserOfAsync(sut.Tokens.Es256()), Is.EqualTo("alice"));
        Assert.That(await sut.UserOfAsync(sut.Tokens.Rs256(id: null)), Is.EqualTo("alice"), "It need not name its key");
    }

    [Test]
    public async Task Check_Good_SaysWhenItEnds()
    {
        using var sut = new TokenSut(options => options.ClockSkew = TimeSpan.FromSeconds(30));
        var end = TestTokens.Now + 60;

        var found = await sut.CheckAsync(TestTokens.Hs256(TestTokens.Claims(further: ("exp", end))));

        Assert.That(found.ExpiresAt, Is.EqualTo(DateTimeOffset.FromUnixTimeSeconds(end + 30)));
    }

    [TestCase("none")]
    [TestCase("None")]
    [TestCase("NONE")]
    [TestCase("")]
    public async Task Check_Unsigned_IsNobody(string algorithm)
    {
        using var sut = new TokenSut();

        Assert.That(await sut.CheckAsync(TestTokens.Sign(TestTokens.Header(algorithm), TestTokens.Claims(), _ => [])), Is.EqualTo(SessionLookup.NotFound));
        Assert.That(await sut.CheckAsync(TestTokens.Sign(TestTokens.Header(algorithm), TestTokens.Claims(), _ => [1, 2, 3])), Is.EqualTo(SessionLookup.NotFound));
    }

    [Test]
    public async Task Check_SignatureCutOff_IsNobody()
    {
        using var sut = new TokenSut();
        foreach (var token in new[] { TestTokens.Hs256(), sut.Tokens.Rs256(), sut.Tokens.Es256() })
        {
            Assert.That(await sut.UserOfAsync(token[..(token.LastIndexOf('.') + 1)]), Is.Null);
            Assert.That(await sut.UserOfAsync(token[..^4]), Is.Null);
        }
    }

    [Test]
    public async Task Check_PublicKeyAsSecret_IsNobody()
    {
        using var sut = new TokenSut();
        var secrets = new[] { sut.Tokens.PublicKey, Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(sut.Tokens.PublicKey).Trim()), Encoding.UTF8.GetBytes(sut.Tokens.KeySet) };
        foreach (var secret in secrets)
        {
            Assert.That(await sut.UserOfAsync(TestTokens.Hs256(TestTokens.Header("HS256", "rsa-1"), TestTokens.Claims(), secret)), Is.Null);
            Assert.That(await sut.UserOfAsync(TestTokens.Hs256(TestTokens.Header("RS256", "rsa-1"), TestTokens.Claims(), secret)), Is.Null);
        }
    }

    [Test]
    public async Task Check_SecretOfASetOfPublicKeys_IsNoKey()
    {
        using var sut = new TokenSut(hasSecret: false);

        Assert.That(await sut.UserOfAsync(TestTokens.Hs256(TestTokens.Header("HS256", "oct-1"), TestTokens.Claims(), Encoding.UTF8.GetBytes(TestTokens.Secret))), Is.Null);
        Assert.That(await sut.UserOfAsync(sut.Tokens.Rs256()), Is.EqualTo("alice"));
    }

    [TestCase("RS384")]
    [TestCase("PS256")]
    [TestCase("HS512")]
    [TestCase("ES512")]
    [TestCase("rs256")]
    public async Task Check_OtherAlgorithm_IsNobody(string algorithm)
    {
        using var sut = new TokenSut();

        Assert.That(await sut.UserOfAsync(sut.Tokens.Rs256(algorithm: algorithm)), Is.Null);
        Assert.That(await sut.UserOfAsync(TestTokens.Hs256(TestTokens.Header(algorithm), TestTokens.Claims(), Encoding.UTF8.GetBytes(TestTokens.Secret))), Is.Null);
    }

    [Test]
    public async Task Check_SignedByAnotherKey_IsNobody()
    {
        using var sut = new TokenSut();
        using var other = RSA.Create(2048);

        Assert.That(await sut.UserOfAsync(TestTokens.Hs256(secret: "another secret, of more than 32 bytes as well")), Is.Null);
        Assert.That(await sut.UserOfAsync(sut.Tokens.Rs256(by: other)), Is.Null);
        Assert.That(await sut.UserOfAsync(sut.Tokens.Rs256(id: "ec-1")), Is.Null, "A key of that name, but of another kind");
    }

    [Test]
    public async Task Check_KeyThatTheTokenBringsAlong_IsNotTaken()
    {
        using var sut = new TokenSut();
        using var other = new TestTokens();
        var header = TestTokens.Header("RS256");
        header["jwk"] = JsonNode.Parse(other.KeySetOf("own"))!["keys"]![0]!.DeepClone();
        header["jku"] = "http://127.0.0.1:1/keys";
        var signed = other.Rs256(id: null);
        using var rsa = RSA.Create(2048);

        Assert.That(await sut.UserOfAsync(TestTokens.Sign(header, TestTokens.Claims(), input => rsa.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))), Is.Null);
        Assert.That(await sut.UserOfAsync(signed), Is.Null);
    }

    [Test]
    public async Task Check_ClaimsChanged_IsNobody()
    {
        using var sut = new TokenSut();
        var (good, other) = (TestTokens.Hs256().Split('.'), TestTokens.Hs256(TestTokens.Claims("mallory")).Split('.'));

        Assert.That(await sut.UserOfAsync($"{good[0]}.{other[1]}.{good[2]}"), Is.Null);
    }

    [Test]
    public async Task Check_CriticalHeader_IsNobody()
    {
        using var sut = new TokenSut();
        var header = TestTokens.Header("HS256");
        header["crit"] = new JsonArray("b64");
        header["b64"] = false;

        Assert.That(await sut.UserOfAsync(TestTokens.Hs256(header, TestTokens.Claims(), Encoding.UTF8.GetBytes(TestTokens.Secret))), Is.Null);
    }

    [TestCase(-31, null)]
    [TestCase(-29, "alice")]
    [TestCase(10, "alice")]
    public async Task Check_Expired_IsNobodyOnceClocksCannotBeWhy(int seconds, string? user)
    {
        using var sut = new TokenSut();
        var now = sut.Time.GetUtcNow().ToUnixTimeSeconds();

        Assert.That(await sut.UserOfAsync(TestTokens.Hs256(TestTokens.Claims(further: ("exp", now + seconds)))), Is.EqualTo(user));
    }

    [TestCase(32, null)]
    [TestCase(29, "alice")]
    public async Task Check_NotYet_IsNobody(int seconds, string? user)
    {
        using var sut = new TokenSut();

        Assert.That(await sut.UserOfAsync(TestTokens.Hs256(TestTokens.Claims(further: ("nbf", sut.Time.GetUtcNow().ToUnixTimeSeconds() + seconds)))), Is.EqualTo(user));
    }

    [Test]
    public async Task Check_WithoutEnd_IsNobody()
    {
        using var sut = new TokenSut();

        Assert.That(await sut.UserOfAsync(TestTokens.Hs256(TestTokens.Claims(further: ("exp", null)))), Is.Null);
    }

    [Test]
    public async Task Check_EndBeyondAllTimes_IsTaken()
    {
        using var sut = new TokenSut();

        Assert.That((await sut.CheckAsync(TestTokens.Hs256(TestTokens.Claims(further: ("exp", 253402300799))))).UserId, Is.EqualTo("alice"));
    }

    [TestCase("https://auth.example.com", "alice")]
    [TestCase("https://AUTH.example.com", null)]
    [TestCase("https://auth.example.com/", null)]
    [TestCase(null, null)]
    public async Task Check_Issuer_HasToBeTheOne(string? issuer, string? user)
    {
        using var sut = new TokenSut(options => options.Issuer = "https://auth.example.com");

        Assert.That(await sut.UserOfAsync(TestTokens.Hs256(TestTokens.Claims(further: ("iss", issuer)))), Is.EqualTo(user));
    }

    [Test]
    public async Task Check_Audience_HasToBeOurs()
    {
        using var sut = new TokenSut(options => options.Audience = "chat");
        using var any = new TokenSut();

        Assert.That(await sut.UserOfAsync(TestTokens.Hs256(TestTokens.Claims(further: ("aud", "chat")))), Is.EqualTo("alice"));
        Assert.That(await sut.UserOfAsync(TestTokens.Hs256(TestTokens.Claims(further: ("aud", new JsonArray("shop", "chat"))))), Is.EqualTo("alice"));
        Assert.That(await sut.UserOfAsync(TestTokens.Hs256(TestTokens.Claims(further: ("aud", "shop")))), Is.Null);
        Assert.That(await sut.UserOfAsync(TestTokens.Hs256()), Is.Null);
        Assert.That(await any.UserOfAsync(TestTokens.Hs256(TestTokens.Claims(further: ("aud", "shop")))), Is.Null, "Whoever names no audience takes no token of others");
    }

    [Test]
    public async Task Check_UserId_IsTheClaimThatIsNamed()
    {
        using var sut = new TokenSut(options => options.UserIdClaim = "uid");

        Assert.That(await sut.UserOfAsync(TestTokens.Hs256(TestTokens.Claims("nobody", ("uid", "bob")))), Is.EqualTo("bob"));
        Assert.That(await sut.UserOfAsync(TestTokens.Hs256(TestTokens.Claims("nobody", ("uid", 4711)))), Is.EqualTo("4711"));
        Assert.That(await sut.UserOfAsync(TestTokens.Hs256(TestTokens.Claims("nobody", ("uid", 9007199254740993)))), Is.EqualTo("9007199254740993"));
        Assert.That(await sut.UserOfAsync(TestTokens.Hs256(TestTokens.Claims("nobody", ("uid", "")))), Is.Null);
        Assert.That(await sut.UserOfAsync(TestTokens.Hs256(TestTokens.Claims("nobody", ("uid", new JsonArray("a", "b"))))), Is.Null);
        Assert.That(await sut.UserOfAsync(TestTokens.Hs256(TestTokens.Claims("nobody", ("uid", true)))), Is.Null);
        Assert.That(await sut.UserOfAsync(TestTokens.Hs256()), Is.Null);
    }

    [TestCase("..")]
    [TestCase("a.b.c")]
    [TestCase("e30.e30.e30")]
    [TestCase("bnVsbA.bnVsbA.AA")]
    [TestCase("W10.W10.AA")]
    public async Task Check_Garbage_IsNobody(string text)
    {
        using var sut = new TokenSut();

        Assert.That(await sut.CheckAsync(text), Is.EqualTo(SessionLookup.NotFound));
    }

    [TestCase("""{"alg":5}""")]
    [TestCase("""{"alg":null}""")]
    [TestCase("""{"alg":["HS256"]}""")]
    [TestCase("""{"alg":"HS256","alg":"none"}""")]
    [TestCase("""{"alg":"none","alg":"HS256","kid":{}}""")]
    [TestCase("""{"alg":"HS256","kid":5,"crit":null}""")]
    [TestCase("""{"alg":"HS256","zip":"DEF"}""", true)]
    [TestCase("""{"alg":"HS256","enc":"A128GCM"}""", true)]
    [TestCase("""{"alg":"HS256","cty":"JWT"}""", true)]
    public async Task Check_OddHeader_NeverFails(string header, bool mayPass = false)
    {
        using var sut = new TokenSut();

        var found = await sut.CheckAsync(Signed(header, TestTokens.Claims().ToJsonString()));

        Assert.That(found.UserId is null || (mayPass && found.UserId == "alice"), $"{found}");
        Assert.That(found.StoreAnswered);
    }

    [TestCase("""{"sub":"alice","exp":"tomorrow"}""")]
    [TestCase("""{"sub":"alice","exp":-1}""")]
    [TestCase("""{"sub":"alice","exp":null}""")]
    [TestCase("""{"sub":"alice","exp":[]}""")]
    [TestCase("""{"sub":"alice","exp":99999999999,"nbf":99999999999999999999}""")]
    [TestCase("""{"sub":null,"exp":99999999999}""")]
    [TestCase("""{"sub":{"sub":"alice"},"exp":99999999999}""")]
    [TestCase("""{"sub":"alice","exp":99999999999,"aud":{"a":"b"}}""")]
    [TestCase("""{"sub":"alice","exp":99999999999,"aud":5}""")]
    [TestCase("""{"sub":"alice","exp":99999999999""")]
    [TestCase("""[]""")]
    [TestCase("""null""")]
    [TestCase("""5""")]
    [TestCase("")]
    public async Task Check_OddClaims_AreNobody(string claims)
    {
        using var sut = new TokenSut();

        Assert.That(await sut.CheckAsync(Signed("""{"alg":"HS256"}""", claims)), Is.EqualTo(SessionLookup.NotFound));
    }

    [TestCase("1e300")]
    [TestCase("99999999999999999999")]
    [TestCase("253402300799.5")]
    public async Task Check_EndOfAnyNumber_NeverFails(string end)
    {
        using var sut = new TokenSut();

        Assert.That((await sut.CheckAsync(Signed("""{"alg":"HS256"}""", $$"""{"sub":"alice","exp":{{end}}}"""))).StoreAnswered);
    }

    [Test]
    public async Task Check_TwoUsers_IsTheLastOrNobody()
    {
        using var sut = new TokenSut();

        Assert.That(await sut.UserOfAsync(Signed("""{"alg":"HS256"}""", """{"sub":"mallory","sub":"alice","exp":99999999999}""")), Is.AnyOf("alice", null));
    }

    [Test]
    public async Task Check_DeepClaims_AreNobody()
    {
        using var sut = new TokenSut();
        var deep = $"{{\"sub\":\"alice\",\"exp\":{TestTokens.Now + 60},\"x\":{new string('[', 500)}{new string(']', 500)}}}";

        Assert.That(await sut.CheckAsync(Signed("""{"alg":"HS256"}""", deep)), Is.EqualTo(SessionLookup.NotFound));
    }

    [Test]
    public async Task Check_Refused_IsLoggedWithoutTheToken()
    {
        using var sut = new TokenSut();
        var token = TestTokens.Hs256(TestTokens.Claims("mallory", ("exp", 1)));

        await sut.CheckAsync(token);

        var line = sut.Log.Named("TokenRefused").Single();
        Assert.That($"{line.Message} {line.Values} {line.Exception}", Does.Not.Contain(token[..10]).And.Not.Contain("mallory"));
    }

    [Test]
    public async Task Check_DeniedOnes_NeedAnId()
    {
        using var sut = new TokenSut(options => options.DenyKeyPattern = "jwt:{jti}");

        Assert.That(await sut.CheckAsync(TestTokens.Hs256(TestTokens.Claims(further: ("jti", null)))), Is.EqualTo(SessionLookup.NotFound));
    }

    private static string Signed(string header, string claims)
    {
        var input = $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header))}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}";
        return $"{input}.{Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(TestTokens.Secret), Encoding.ASCII.GetBytes(input)))}";
    }
}
