using Gateway.Proxy.Sessions;
using Gateway.Transforms.Identity;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Proxy.Sessions;

public sealed class SessionOptionsTests
{
    [Test]
    public void Defaults_AreValid()
    {
        var sut = new SessionOptions();

        Assert.That(Errors(sut), Is.Empty);
        Assert.That(sut.Store, Is.EqualTo(SessionStoreKind.Redis));
        Assert.That(sut.KeyPattern, Is.EqualTo("{session_id}"));
        Assert.That(sut.LookupTimeout, Is.EqualTo(TimeSpan.FromMilliseconds(200)));
        Assert.That(sut.CacheTtl, Is.EqualTo(TimeSpan.Zero), "A session that has ended must be out at once, unless somebody decides otherwise");
    }

    [TestCase("")]
    [TestCase("session")]
    [TestCase("{session}")]
    [TestCase("{session_id}:{session_id}")]
    public void KeyPattern_WithoutExactlyOnePlaceholder_IsRefused(string pattern) =>
        Assert.That(Errors(new SessionOptions { KeyPattern = pattern }), Is.EqualTo(new[]
        {
            $"Gateway:Sessions:KeyPattern is '{pattern}'; write {{session_id}} in it exactly once, as in 'session:{{session_id}}'.",
        }));

    [TestCase("00:00:00.009", "00:00:00.0090000")]
    [TestCase("00:00:05.001", "00:00:05.0010000")]
    [TestCase("200", "200.00:00:00", Description = "A bare number is days")]
    public void LookupTimeout_OutOfRange_IsRefused(string value, string shown) =>
        Assert.That(Errors(new SessionOptions { LookupTimeout = TimeSpan.Parse(value, null) }), Is.EqualTo(new[]
        {
            $"Gateway:Sessions:LookupTimeout is '{shown}'; use a time from '00:00:00.0100000' to '00:00:05', written as hours:minutes:seconds.",
        }));

    [TestCase("-00:00:01", "-00:00:01")]
    [TestCase("00:00:30.001", "00:00:30.0010000")]
    [TestCase("5", "5.00:00:00", Description = "A bare number is days")]
    public void CacheTtl_OutOfRange_IsRefused(string value, string shown) =>
        Assert.That(Errors(new SessionOptions { CacheTtl = TimeSpan.Parse(value, null) }), Is.EqualTo(new[]
        {
            $"Gateway:Sessions:CacheTtl is '{shown}'; use a time up to '00:00:30', written as hours:minutes:seconds, or '00:00:00' to remember no session.",
        }));

    [TestCase(0)]
    [TestCase(999)]
    [TestCase(10_000_001)]
    public void CacheEntries_OutOfRange_IsRefused(int entries) =>
        Assert.That(Errors(new SessionOptions { CacheEntries = entries }), Is.EqualTo(new[]
        {
            $"Gateway:Sessions:CacheEntries is {entries}; use a number from 1000 to 10000000.",
        }));

    [TestCase("00:00:30", "Gateway:Sessions:Renew:SessionTtl is '00:00:30'; use '00:03:00', three times the Interval, so that one renewal may fail, to '365.00:00:00', or '00:00:00' for none.")]
    [TestCase("400", "Gateway:Sessions:Renew:SessionTtl is '400.00:00:00'; use '00:03:00', three times the Interval, so that one renewal may fail, to '365.00:00:00', or '00:00:00' for none.")]
    public void SessionTtl_OutOfRange_IsRefused(string value, string sentence) =>
        Assert.That(Errors(new SessionOptions { Renew = new() { SessionTtl = TimeSpan.Parse(value, null) } }), Is.EqualTo(new[] { sentence }));

    [Test]
    public void RenewalInterval_OutOfRange_IsRefused() =>
        Assert.That(Errors(new SessionOptions { Renew = new() { Interval = TimeSpan.Zero } }), Is.EqualTo(new[]
        {
            "Gateway:Sessions:Renew:Interval is '00:00:00'; use a time from '00:00:01' to '01:00:00', written as hours:minutes:seconds.",
        }));

    [Test]
    public void Renewal_OfSessionsInMemory_IsRefused() =>
        Assert.That(Errors(new SessionOptions { Store = SessionStoreKind.Memory, Renew = new() { MarkerTtl = TimeSpan.FromMinutes(10) } }), Is.EqualTo(new[]
        {
            "Gateway:Sessions:Renew is set, but sessions are in memory and have no lifetime there; remove it, or set Gateway:Sessions:Store to 'Redis'.",
        }));

    [Test]
    public async Task AddSessions_SessionTtl_RenewsBehindCacheAndStore_AndOtherwiseNothingStandsBefore()
    {
        await using var services = Services(new() { ["Gateway:Sessions:Renew:SessionTtl"] = "01:00:00" }).BuildServiceProvider();

        Assert.That(services.GetRequiredService<ISessionStore>(), Is.InstanceOf<RenewingSessions>());
        Assert.That(services.GetRequiredService<ISessionStore>().Source, Is.InstanceOf<RedisSessionStore>(), "Sockets have a renewal of their own");
    }

    [Test]
    public void Store_Undefined_IsRefused() =>
        Assert.That(Errors(new SessionOptions { Store = (SessionStoreKind)7 }), Is.EqualTo(new[]
        {
            "Gateway:Sessions:Store is '7'; use 'Redis' or 'Memory'.",
        }));

    [Test]
    public void AddSessions_Default_UsesRedis()
    {
        using var services = Services([]).BuildServiceProvider();

        Assert.That(services.GetRequiredService<ISessionStore>(), Is.InstanceOf<RedisSessionStore>());
    }

    [Test]
    public async Task AddSessions_CacheTtl_PutsTheCacheBeforeRedis()
    {
        await using var services = Services(new() { ["Gateway:Sessions:CacheTtl"] = "00:00:05" }).BuildServiceProvider();

        Assert.That(services.GetRequiredService<ISessionStore>(), Is.InstanceOf<SessionCache>());
        Assert.That(services.GetRequiredService<ISessionStore>().Source, Is.InstanceOf<RedisSessionStore>());
    }

    [Test]
    public void AddSessions_Memory_SharesOneStore()
    {
        using var services = Services(new() { ["Gateway:Sessions:Store"] = "memory" }).BuildServiceProvider();

        Assert.That(services.GetRequiredService<ISessionStore>(), Is.SameAs(services.GetRequiredService<InMemorySessionStore>()));
    }

    [Test]
    public void AddSessions_StoreRegisteredBefore_Stays()
    {
        var mine = new InMemorySessionStore();
        using var services = Services([], mine).BuildServiceProvider();

        Assert.That(services.GetRequiredService<ISessionStore>(), Is.SameAs(mine));
    }

    [Test]
    public void AddSessions_InvalidSetting_StopsTheStart()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Gateway:Sessions:KeyPattern"] = "x" });
        builder.Services.AddSessions(builder.Configuration);
        using var host = builder.Build();

        Assert.That(() => host.StartAsync(), Throws.InstanceOf<OptionsValidationException>().With.Message.Contains("Gateway:Sessions:KeyPattern is 'x'"));
    }

    private static IEnumerable<string> Errors(SessionOptions options) =>
        new SessionOptionsValidator().Validate(null, options).Failures ?? [];

    private static IServiceCollection Services(Dictionary<string, string?> settings, ISessionStore? before = null)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        if (before is not null)
        {
            services.AddSingleton(before);
        }

        return services.AddSessions(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
    }
}
