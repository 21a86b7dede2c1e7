using Gateway.Proxy.Sessions;
using Gateway.Tests.Support;
using Gateway.Transforms.Identity;
using Gateway.Transforms.Routes;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxy.Sessions;

public sealed class SessionCacheTests
{
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(5);

    private FakeTimeProvider _time;
    private ScriptedStore _store;
    private SessionCache _sut;

    [SetUp]
    public void SetUp()
    {
        _time = new FakeTimeProvider();
        _store = new ScriptedStore();
        _sut = new SessionCache(_store, Options.Create(new SessionOptions { CacheTtl = Ttl, CacheEntries = 1000 }), _time);
    }

    [TearDown]
    public void TearDown() => _sut.Dispose();

    [Test]
    public async Task FindUser_AskedAgain_AsksTheStoreOnce()
    {
        Assert.That((await FindAsync()).UserId, Is.EqualTo("alice"));
        Assert.That((await FindAsync()).UserId, Is.EqualTo("alice"));

        Assert.That(_store.Asked, Is.EqualTo(1));
    }

    [Test]
    public async Task FindUser_SessionRevoked_IsOutWhenItsTtlEnds()
    {
        await FindAsync();
        _store.Answer = Task.FromResult(SessionLookup.NotFound);

        _time.Advance(Ttl - TimeSpan.FromMilliseconds(1));
        Assert.That((await FindAsync()).UserId, Is.EqualTo("alice"), "Being asked for must not lengthen it");
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.That(await FindAsync(), Is.EqualTo(SessionLookup.NotFound));
    }

    [Test]
    public async Task FindUser_SlowAnswer_TtlCountsFromTheQuestion()
    {
        var answer = _store.Hold();
        var asking = FindAsync();
        _time.Advance(Ttl - TimeSpan.FromSeconds(1));
        answer.SetResult(SessionLookup.Of("alice"));
        await asking;
        _store.Answer = Task.FromResult(SessionLookup.NotFound);

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.That(await FindAsync(), Is.EqualTo(SessionLookup.NotFound));
    }

    [Test]
    public async Task FindUser_ClockOfTheMachineSetBack_TtlStaysTheSame()
    {
        var clock = new MachineClock();
        using var sut = new SessionCache(_store, Options.Create(new SessionOptions { CacheTtl = Ttl }), clock);
        await sut.FindUserAsync("s-alice", CancellationToken.None);
        _store.Answer = Task.FromResult(SessionLookup.NotFound);

        clock.TimeOfDay -= TimeSpan.FromHours(1);
        clock.Running += Ttl;

        Assert.That(await sut.FindUserAsync("s-alice", CancellationToken.None), Is.EqualTo(SessionLookup.NotFound));
    }

    [Test]
    public async Task FindUser_NobodyOrStoreDown_IsNotRemembered()
    {
        foreach (var lookup in new[] { SessionLookup.NotFound, SessionLookup.StoreDown })
        {
            _store.Answer = Task.FromResult(lookup);
            Assert.That(await FindAsync(), Is.EqualTo(lookup));
        }

        _store.Answer = Task.FromResult(SessionLookup.Of("alice"));

        Assert.That((await FindAsync()).UserId, Is.EqualTo("alice"));
        Assert.That(_store.Asked, Is.EqualTo(3));
    }

    [Test]
    public async Task FindUser_StoreDown_KnownSessionsAreServedUntilTheirTtlEnds()
    {
        await FindAsync();
        _store.Answer = Task.FromResult(SessionLookup.StoreDown);

        Assert.That((await FindAsync()).UserId, Is.EqualTo("alice"));
        Assert.That(await FindAsync("s-bob"), Is.EqualTo(SessionLookup.StoreDown));
        _time.Advance(Ttl);
        Assert.That(await FindAsync(), Is.EqualTo(SessionLookup.StoreDown));
    }

    [Test]
    public async Task FindUser_ManyAtOnce_ShareOneLookUpAndOneWhoLeavesTakesNobodyAlong()
    {
        var answer = _store.Hold();
        using var leaving = new CancellationTokenSource();
        var first = _sut.FindUserAsync("s-alice", leaving.Token).AsTask();
        var others = Enumerable.Range(0, 100).Select(_ => FindAsync()).ToArray();

        await leaving.CancelAsync();
        Assert.That(() => first.DefaultTimeout(), Throws.InstanceOf<OperationCanceledException>());
        answer.SetResult(SessionLookup.Of("alice"));

        Assert.That((await Task.WhenAll(others).DefaultTimeout()).Select(lookup => lookup.UserId), Is.All.EqualTo("alice"));
        Assert.That(_store.Asked, Is.EqualTo(1));
    }

    [Test]
    public async Task FindUser_StoreThrows_NextOneAsksAgain()
    {
        _store.Answer = Task.FromException<SessionLookup>(new InvalidOperationException("broken"));
        Assert.That(() => FindAsync(), Throws.InvalidOperationException);
        _store.Answer = Task.FromResult(SessionLookup.Of("alice"));

        Assert.That((await FindAsync()).UserId, Is.EqualTo("alice"));
    }

    [Test]
    public async Task FindUser_MoreSessionsThanEntries_StaysWithinThemAndAnswersAll()
    {
        for (var i = 0; i < 3000; i++)
        {
            Assert.That((await FindAsync($"s-{i}")).UserId, Is.EqualTo("alice"));
        }

        _store.Answer = Task.FromResult(SessionLookup.NotFound);
        var remembered = 0;
        for (var i = 0; i < 3000; i++)
        {
            remembered += (await FindAsync($"s-{i}")).UserId is null ? 0 : 1;
        }

        Assert.That(remembered, Is.InRange(1, 1000));
    }

    [Test]
    public async Task Authenticator_OfTheHub_AsksTheStoreItself()
    {
        await FindAsync();
        _store.Answer = Task.FromResult(SessionLookup.NotFound);
        var hub = new SessionAuthenticator(new SessionIdForm(Options.Create(new SessionIdOptions())), SessionSources.BodyAlone, _sut);

        Assert.That(await hub.FindUserAsync("s-alice", CancellationToken.None), Is.EqualTo(SessionLookup.NotFound));
    }

    private Task<SessionLookup> FindAsync(string sessionId = "s-alice") => _sut.FindUserAsync(sessionId, CancellationToken.None).AsTask().DefaultTimeout();

    private sealed class ScriptedStore : ISessionStore
    {
        private int _asked;

        public int Asked => _asked;

        public Task<SessionLookup> Answer { get; set; } = Task.FromResult(SessionLookup.Of("alice"));

        /// <summary>Nobody is answered until the test does.</summary>
        public TaskCompletionSource<SessionLookup> Hold()
        {
            var answer = new TaskCompletionSource<SessionLookup>(TaskCreationOptions.RunContinuationsAsynchronously);
            Answer = answer.Task;
            return answer;
        }

        public ValueTask<SessionLookup> FindUserAsync(string sessionId, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _asked);
            return new(Answer.WaitAsync(cancellationToken));
        }
    }

    /// <summary>Its time of day can be set without its running time noticing.</summary>
    private sealed class MachineClock : TimeProvider
    {
        public DateTimeOffset TimeOfDay { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public TimeSpan Running { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => TimeOfDay + Running;

        public override long GetTimestamp() => Running.Ticks;
    }
}
