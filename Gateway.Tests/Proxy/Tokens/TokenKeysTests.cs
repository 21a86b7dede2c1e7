using Gateway.Proxy.Tokens;
using Gateway.Tests.Support;
using Gateway.Transforms.Identity;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Proxy.Tokens;

/// <summary>The keys of an issuer: read, kept, and looked for again when a token names one that is not known.</summary>
[TestFixture]
internal sealed class TokenKeysTests
{
    private KeyServer _server = null!;
    private TokenSut _sut = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _server = await KeyServer.StartAsync();
        _sut = new TokenSut(options => options.JwksUrl = _server.Address, hasSecret: false, hasSet: false);
        Serve(_sut.Tokens.KeySet);
    }

    [TearDown]
    public async Task StopAsync()
    {
        _sut.Dispose();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task Key_OfTheServer_IsFetchedOnce()
    {
        Assert.That(await _sut.UserOfAsync(_sut.Tokens.Rs256()), Is.EqualTo("alice"));
        Assert.That(await _sut.UserOfAsync(_sut.Tokens.Es256()), Is.EqualTo("alice"));
        Assert.That(_server.Fetches, Is.EqualTo(1));
    }

    [Test]
    public async Task Key_NotKnown_IsLookedForAtABoundedRate()
    {
        await _sut.UserOfAsync(_sut.Tokens.Rs256());
        Serve(_sut.Tokens.KeySetOf("rsa-2"));

        Assert.That(await _sut.UserOfAsync(_sut.Tokens.Rs256(id: "rsa-2")), Is.Null, "It was asked a moment ago");
        for (var i = 0; i < 20; i++)
        {
            await _sut.UserOfAsync(_sut.Tokens.Rs256(id: $"made up {i}"));
        }

        Assert.That(_server.Fetches, Is.EqualTo(1));
        _sut.Time.Advance(TokenKeys.Pause);
        Assert.That(await _sut.UserOfAsync(_sut.Tokens.Rs256(id: "rsa-2")), Is.EqualTo("alice"));
        Assert.That(_server.Fetches, Is.EqualTo(2));
        Assert.That(await _sut.UserOfAsync(_sut.Tokens.Rs256(id: "rsa-1")), Is.Null, "The issuer has withdrawn it");
    }

    [Test]
    public async Task Key_WhileTheServerIsDown_IsTheLastOne()
    {
        await _sut.UserOfAsync(_sut.Tokens.Rs256());
        Fail(503);
        _sut.Time.Advance(TokenKeys.Pause);

        Assert.That(await _sut.CheckAsync(_sut.Tokens.Rs256(id: "made up")), Is.EqualTo(SessionLookup.NotFound), "Nobody may cause an alarm by a name");
        Assert.That(await _sut.UserOfAsync(_sut.Tokens.Rs256()), Is.EqualTo("alice"));
        Assert.That(_server.Fetches, Is.EqualTo(2));
        Assert.That(_sut.Log.Named("TokenKeysUnreadable"), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Key_BeforeAnyIsRead_RefusesNobodyForGood()
    {
        Fail(503);
        Assert.That(await _sut.CheckAsync(_sut.Tokens.Rs256()), Is.EqualTo(SessionLookup.StoreDown));
        Assert.That(await _sut.CheckAsync(_sut.Tokens.Rs256()), Is.EqualTo(SessionLookup.StoreDown));
        Assert.That(_server.Fetches, Is.EqualTo(1));

        Serve(_sut.Tokens.KeySet);
        _sut.Time.Advance(TokenKeys.FirstPause);
        Assert.That(await _sut.UserOfAsync(_sut.Tokens.Rs256()), Is.EqualTo("alice"));
    }

    [Test]
    public async Task Server_ThatLeadsElsewhere_IsNotFollowed()
    {
        await using var other = await KeyServer.StartAsync();
        other.Answer = context => context.Response.WriteAsync(_sut.Tokens.KeySet);
        _server.Answer = context =>
        {
            context.Response.Redirect(other.Address);
            return Task.CompletedTask;
        };

        Assert.That(await _sut.CheckAsync(_sut.Tokens.Rs256()), Is.EqualTo(SessionLookup.StoreDown));
        Assert.That(other.Fetches, Is.Zero);
    }

    [Test]
    public async Task Server_ThatAnswersWithoutEnd_IsLeft()
    {
        _server.Answer = async context =>
        {
            var piece = new byte[64 << 10];
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(piece);
            }
        };

        Assert.That(await _sut.CheckAsync(_sut.Tokens.Rs256()), Is.EqualTo(SessionLookup.StoreDown));
    }

    [Test]
    public async Task Server_ThatDoesNotAnswer_IsNotWaitedFor()
    {
        using var sut = new TokenSut(
            options =>
            {
                options.JwksUrl = _server.Address;
                options.FetchTimeout = TimeSpan.FromMilliseconds(100);
            },
            hasSecret: false,
            hasSet: false);
        _server.Answer = context => Task.Delay(Timeout.Infinite, context.RequestAborted);

        Assert.That(await sut.CheckAsync(sut.Tokens.Rs256()), Is.EqualTo(SessionLookup.StoreDown));
    }

    [Test]
    public async Task File_ThatChanges_IsReadAgain()
    {
        using var sut = new TokenSut(hasSecret: false);
        await sut.Keys.StartAsync(CancellationToken.None);
        var claims = TestTokens.Claims(further: ("exp", 253402300799));
        var (old, fresh) = (sut.Tokens.Rs256(claims), sut.Tokens.Rs256(claims, id: "rsa-2"));
        Assert.That(await sut.UserOfAsync(old), Is.EqualTo("alice"));

        sut.WriteSet(sut.Tokens.KeySetOf("rsa-2"));

        await Eventually.That(
            async () =>
            {
                sut.Time.Advance(new JwtOptions().RefreshInterval);
                return await sut.UserOfAsync(old) is null;
            },
            "the key that was taken out still counts");
        Assert.That(await sut.UserOfAsync(fresh), Is.EqualTo("alice"));
        await sut.Keys.StopAsync(CancellationToken.None);
    }

    [Test]
    public async Task File_ThatBecomesNonsense_ChangesNothing()
    {
        using var sut = new TokenSut(hasSecret: false);
        Assert.That(await sut.UserOfAsync(sut.Tokens.Rs256()), Is.EqualTo("alice"));

        sut.WriteSet("half a fi");
        sut.Time.Advance(TokenKeys.Pause);
        await sut.UserOfAsync(sut.Tokens.Rs256(id: "made up"));

        Assert.That(await sut.UserOfAsync(sut.Tokens.Rs256()), Is.EqualTo("alice"));
        Assert.That(sut.Log.Named("TokenKeysUnreadable"), Has.Count.EqualTo(1));
    }

    private void Serve(string json) => _server.Answer = context => context.Response.WriteAsync(json);

    private void Fail(int status) => _server.Answer = context =>
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    };
}
