using System.Diagnostics.CodeAnalysis;
using Gateway.Proxy.Discovery;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxy.Discovery;

/// <summary>What sources have in common that are asked for each service by itself.</summary>
internal sealed class FollowedServicesTests
{
    private static readonly ServiceInstance One = new("user", "1", "http://10.0.0.1:80");
    private static readonly ServiceInstance Two = new("user", "2", "http://10.0.0.2:80");

    private readonly RecordingLoggerProvider _logs = new();

    [Test]
    public async Task Changes_AreGathered()
    {
        var time = new FakeTimeProvider();
        using var sut = new TestSource(time, TimeSpan.FromSeconds(1), _logs.CreateLogger<TestSource>());
        sut.Follow("user");
        var service = await sut.Asked.Task.DefaultTimeout();
        time.Advance(TimeSpan.FromSeconds(1));
        var before = sut.Registry.Current;

        service.Take([One]);
        time.Advance(TimeSpan.FromSeconds(0.9));
        service.Take([One, Two]);
        Assert.That(sut.Registry.Current, Is.SameAs(before));

        time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.That(sut.Registry.Current.Instances("user"), Is.EqualTo(new[] { One, Two }));
        Assert.That(before.ChangeToken.HasChanged, Is.True);
        await sut.StopAsync(CancellationToken.None).DefaultTimeout();
    }

    [Test]
    public async Task FirstInstances_CountAsRead_OnceTheyAreInUse()
    {
        var time = new FakeTimeProvider();
        using var sut = new TestSource(time, TimeSpan.FromSeconds(10), _logs.CreateLogger<TestSource>());
        sut.Follow("user");
        var service = await sut.Asked.Task.DefaultTimeout();

        service.Take([One]);
        service.NoteContact();
        Assert.That(sut.Registry.Status is { Connected: false, Synced: false }, Is.True, "A gateway that said it was ready would have no instance");
        time.Advance(TimeSpan.FromSeconds(10));

        Assert.That(sut.Registry.Status is { Connected: true, Synced: true }, Is.True);
        await sut.StartAsync(CancellationToken.None);
        sut.Follow("another");
        Assert.That(sut.Registry.Status.Synced, Is.True, "Added later");
        await sut.StopAsync(CancellationToken.None).DefaultTimeout();
    }

    [Test]
    public async Task UnexpectedFailure_IsToldWithItsException_AndTheServiceIsAskedAgain()
    {
        var failures = 1;
        using var sut = new TestSource(TimeProvider.System, TimeSpan.Zero, _logs.CreateLogger<TestSource>())
        {
            OnAsked = _ => Interlocked.Decrement(ref failures) >= 0 ? throw new NotSupportedException("a defect") : Task.CompletedTask,
        };

        sut.Follow("user");
        (await sut.Asked.Task.DefaultTimeout()).Take([One]);

        await Eventually.That(() => sut.Registry.Current.InstanceCount == 1);
        var told = _logs.Entries.Single(entry => entry.EventId.Id == 1141 && entry.Message.Contains("'user'", StringComparison.Ordinal));
        Assert.That((told.Message, told.Exception?.Message), Is.EqualTo(
            ("A source does not say where 'user' is: an unexpected failure. The 0 instances known so far stay in use; attempts go on quietly.", "a defect")));
        await sut.StopAsync(CancellationToken.None).DefaultTimeout();
    }

    [Test]
    public async Task Follow_IsNoPartOfWhatCallsForIt([Values] bool isSuppressed)
    {
        var request = new AsyncLocal<string?> { Value = "a request" };
        string? seen = "";
        using var sut = new TestSource(TimeProvider.System, TimeSpan.Zero, _logs.CreateLogger<TestSource>())
        {
            OnAsked = _ =>
            {
                seen = request.Value;
                return Task.CompletedTask;
            },
        };

        if (isSuppressed)
        {
            using (ExecutionContext.SuppressFlow())
            {
                sut.Follow("user");
            }
        }
        else
        {
            sut.Follow("user");
        }

        await sut.Asked.Task.DefaultTimeout();
        Assert.That(seen, Is.Null);
        await sut.StopAsync(CancellationToken.None).DefaultTimeout();
    }

    [Test]
    public async Task Stopped_FollowsNothingMore()
    {
        using var sut = new TestSource(TimeProvider.System, TimeSpan.Zero, _logs.CreateLogger<TestSource>());
        await sut.StopAsync(CancellationToken.None);

        sut.Follow("user");

        Assert.That(sut.IsUsed, Is.False);
    }

    [Test]
    public async Task Emptied_WithoutAGrace_IsBelievedAtOnce()
    {
        using var sut = new TestSource(TimeProvider.System, TimeSpan.Zero, _logs.CreateLogger<TestSource>(), grace: TimeSpan.Zero);
        sut.Follow("user");
        var service = await sut.Asked.Task.DefaultTimeout();
        service.Take([One]);
        service.Take([]);

        Assert.That(service.Instances, Is.Empty);
        await sut.StopAsync(CancellationToken.None).DefaultTimeout();
    }

    [Test]
    public async Task InstanceThatComesAndGoes_IsToldOnceAMinute()
    {
        var time = new FakeTimeProvider();
        using var sut = new TestSource(time, TimeSpan.Zero, _logs.CreateLogger<TestSource>());
        sut.Follow("flapping");
        var service = await sut.Asked.Task.DefaultTimeout();
        for (var second = 0; second < 90; second++)
        {
            service.Take(second % 2 == 0 ? [One] : []);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.That(_logs.Entries.Count(entry => entry.EventId.Id == 1142 && entry.Message.Contains("flapping", StringComparison.Ordinal)), Is.EqualTo(2));
        await sut.StopAsync(CancellationToken.None).DefaultTimeout();
    }

    [Test]
    public async Task Instances_GoneOneAfterTheOther_AllStayInUse_ButForThoseOfLongAgo()
    {
        var time = new FakeTimeProvider();
        using var sut = new TestSource(time, TimeSpan.Zero, _logs.CreateLogger<TestSource>());
        sut.Follow("emptying");
        var service = await sut.Asked.Task.DefaultTimeout();
        ServiceInstance[] all = [.. Enumerable.Range(1, 6).Select(id => new ServiceInstance("emptying", "the same key", $"http://10.0.0.{id}:80"))];
        service.Take(all);
        time.Advance(TimeSpan.FromHours(1));
        service.Take(all[1..]);
        time.Advance(TimeSpan.FromSeconds(8));
        for (var gone = 2; gone < 6; gone++)
        {
            service.Take(all[gone..]);
            Assert.That(service.Instances, Is.EqualTo(all[gone..]));
            time.Advance(TimeSpan.FromSeconds(1));
        }

        service.Take([]);

        Assert.That(service.Instances, Is.EquivalentTo(all[1..]));
        Assert.That((service.Status.HeldInstances, service.NextHoldDeadline is null), Is.EqualTo((5, false)));
        time.Advance(TimeSpan.FromSeconds(29));
        service.Take([]);
        Assert.That(service.Instances, Has.Count.EqualTo(5));
        time.Advance(TimeSpan.FromSeconds(1));
        service.Take([]);
        Assert.That(service.Instances, Is.Empty);
        Assert.That(_logs.Entries.Single(entry => entry.EventId.Id == 1143 && entry.Message.Contains("emptying", StringComparison.Ordinal)).Message, Is.EqualTo(
            "5 instances of 'emptying' are no longer used: for 30 s A source has named none."));
        await sut.StopAsync(CancellationToken.None).DefaultTimeout();
    }

    [Test]
    public async Task ContactAndProblems_ThatComeAndGo_AreToldOnceAMinute_AndTheLastStateIsTold()
    {
        var time = new FakeTimeProvider();
        using var sut = new TestSource(time, TimeSpan.Zero, _logs.CreateLogger<TestSource>());
        sut.Follow("wavering");
        var service = await sut.Asked.Task.DefaultTimeout();
        for (var second = 0; second < 90; second++)
        {
            service.NoteContact();
            service.Take([One], second % 2 == 0 ? "a problem" : null);
            service.NoteLoss("a reason", null);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.That((Told(1140), Told(1141), Told(1144)), Is.EqualTo((3, 2, 2)), "The first contact, and one after each loss that was told");
        service.NoteLoss("for good", null);
        Assert.That(Told(1141), Is.EqualTo(2));
        time.Advance(TimeSpan.FromMinutes(1));
        service.NoteLoss("for good", null);
        Assert.That(_logs.Entries[^1].Message, Does.Contain("does not say where 'wavering' is: for good"));
        await sut.StopAsync(CancellationToken.None).DefaultTimeout();

        int Told(int id) => _logs.Entries.Count(entry => entry.EventId.Id == id && entry.Message.Contains("wavering", StringComparison.Ordinal));
    }

    [Test]
    public async Task Silence_IsThatOfTheServiceHeardOfLeast()
    {
        var time = new FakeTimeProvider();
        using var sut = new TestSource(time, TimeSpan.Zero, _logs.CreateLogger<TestSource>());
        sut.Follow("heard");
        var heard = await sut.Asked.Task.DefaultTimeout();
        sut.Follow("never heard");
        heard.Take([One]);
        Assert.That(sut.Registry.Status.LastContact, Is.Null);

        sut.Keep(new HashSet<string> { "heard" });
        await sut.StartAsync(CancellationToken.None);
        var added = time.GetUtcNow();
        sut.Follow("never heard");
        time.Advance(TimeSpan.FromMinutes(1));
        heard.Take([One]);

        Assert.That(sut.Registry.Status.LastContact, Is.EqualTo(added), "It has been silent since it was asked for");
        await sut.StopAsync(CancellationToken.None).DefaultTimeout();
    }

    [Test]
    public async Task ServiceThatCannotBeRead_KeepsNoGatewayFromServingTheOthers([Values] bool areThereOthers)
    {
        var asked = 0;
        using var sut = new TestSource(TimeProvider.System, TimeSpan.Zero, _logs.CreateLogger<TestSource>())
        {
            OnAsked = service => service.Name == "forbidden" && Interlocked.Increment(ref asked) > 0 ? throw new NotSupportedException("403") : Task.CompletedTask,
        };
        sut.Follow("forbidden");
        await Eventually.That(() => Volatile.Read(ref asked) > 5);
        Assert.That(sut.Registry.Status.Synced, Is.False, "Nothing is read at all");
        if (areThereOthers)
        {
            sut.Follow("user");
            var service = await sut.Asked.Task.DefaultTimeout();
            service.Take([One]);
            service.NoteContact();
        }

        await Eventually.That(() => sut.Registry.Status is { Connected: false } status && status.Synced == areThereOthers);
        Assert.That(sut.Troubles.Single().Service, Is.EqualTo("forbidden"));
        await sut.StopAsync(CancellationToken.None).DefaultTimeout();
    }

    private sealed class TestSource(TimeProvider time, TimeSpan debounce, ILogger logger, TimeSpan? grace = null)
        : FollowedServices("A source", new FollowTimes(debounce, grace ?? TimeSpan.FromSeconds(30), TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1)), time, logger)
    {
        public Func<FollowedService, Task> OnAsked { get; init; } = _ => Task.CompletedTask;

        public TaskCompletionSource<FollowedService> Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override bool Owns(string? address) => true;

        public override bool TryParse(string address, [NotNullWhen(true)] out string? service, [NotNullWhen(false)] out string? problem)
        {
            (service, problem) = (address, "never");
            return true;
        }

        protected override async Task<TimeSpan> FollowOnceAsync(FollowedService service, CancellationToken cancellationToken)
        {
            await OnAsked(service);
            Asked.TrySetResult(service);
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return TimeSpan.Zero;
        }

        protected override string? Describe(Exception exception) => null;
    }
}
