using System.Buffers;
using Gateway.Protocol.Hook;
using Gateway.Proxy.Hub;
using Gateway.Tests.Support;
using Gateway.Transforms.Events;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxy.Hub;

/// <summary>What waits for the service that takes reports, and what becomes of it when that one fails.</summary>
[TestFixture]
internal sealed class PresenceReportsTests
{
    private readonly FakeTimeProvider _time = new();
    private RecordingLoggerProvider _logs = null!;
    private HookService _service = null!;

    [SetUp]
    public void Reset() => (_logs, _service) = (new RecordingLoggerProvider(), new HookService());

    [TearDown]
    public void Forget() => _logs.Dispose();

    [Test]
    public async Task WhatGathersDuringACall_GoesOutTogether_InOrder()
    {
        using var sut = Sut(new HookOptions());
        _service.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await sut.StartAsync(CancellationToken.None);
        sut.Came("alice");
        await Eventually.That(() => _service.Asked.Count == 1);
        sut.Came("bob");
        sut.Gone("alice");
        sut.Missed(["carol", "dave"], "SOMETHING", new byte[] { 1, 2 });
        _service.Gate.SetResult();
        await Eventually.That(() => _service.Asked.Count == 2);

        Assert.That(_service.Asked[1].Reports.Select(report => $"{report.Kind} {report.UserIds}"), Is.EqualTo(new[]
        {
            "Came [ \"bob\" ]", "Gone [ \"alice\" ]", "Event [ \"carol\", \"dave\" ]",
        }));
        Assert.That(_service.Asked[1].Reports[2].EventType, Is.EqualTo("SOMETHING"));
        Assert.That(_service.Asked[1].Reports[2].Event.ToByteArray(), Is.EqualTo(new byte[] { 1, 2 }));
        Assert.That(_service.Asked.SelectMany(request => request.Reports).Select(report => report.Id), Is.Unique);
        Assert.That(_service.Asked[1].Reports[0].AtMs, Is.EqualTo(_time.GetUtcNow().ToUnixTimeMilliseconds()));
        await sut.StopAsync(CancellationToken.None);
    }

    [Test]
    public async Task CallThatFails_IsMadeAgainWithTheSameReports()
    {
        using var sut = Sut(new HookOptions());
        _service.Failures = 2;
        await sut.StartAsync(CancellationToken.None);
        sut.Came("alice");
        await PassUntilAsync(() => _logs.Named("HookRecovered").Count == 1);

        Assert.That(_service.Asked, Has.Count.EqualTo(3));
        Assert.That(_service.Asked.Select(request => request.Reports.Single().Id).Distinct().Count(), Is.EqualTo(1));
        Assert.That(_logs.Named("HookFailed"), Has.Count.EqualTo(1));
        await sut.StopAsync(CancellationToken.None);
    }

    [Test]
    public async Task ServiceThatFailsForLonger_CostsTheReports_AndLaterOnesArrive()
    {
        using var sut = Sut(new HookOptions { RetryFor = TimeSpan.FromSeconds(10) });
        _service.Failures = int.MaxValue;
        await sut.StartAsync(CancellationToken.None);
        sut.Came("alice");
        await PassUntilAsync(() => _logs.Named("HookReportsDropped").Count == 1);
        Assert.That(_logs.Named("HookReportsDropped").Single().Message, Is.EqualTo("1 reports to the offline hook are dropped, because it did not take them in time"));

        _service.Failures = 0;
        sut.Came("bob");
        await Eventually.That(() => _service.Asked[^1].Reports.Single().UserIds.Single() == "bob");
        await sut.StopAsync(CancellationToken.None);
    }

    [Test]
    public async Task ServiceThatDoesNotAnswer_IsGivenUpAtTheDeadline()
    {
        using var sut = Sut(new HookOptions());
        _service.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await sut.StartAsync(CancellationToken.None);
        sut.Came("alice");
        await PassUntilAsync(() => _service.Asked.Count == 2);
        _service.Gate.SetResult();
        await sut.StopAsync(CancellationToken.None);
    }

    [Test]
    public async Task FullQueue_DropsWhatIsNew_AndSaysSoOnce()
    {
        using var sut = Sut(new HookOptions { QueueLimit = 100 });
        for (var i = 0; i < 103; i++)
        {
            sut.Came($"user-{i}");
        }

        Assert.That(_logs.Named("HookQueueFull").Single().Message, Is.EqualTo("More than 100 reports wait for the offline hook; further ones are dropped until there is room"));
        await sut.StartAsync(CancellationToken.None);
        await sut.StopAsync(CancellationToken.None);
        Assert.That(_service.Asked.Sum(request => request.Reports.Count), Is.EqualTo(100), "What waits at the end goes out");
    }

    [Test]
    public async Task LongEvent_IsReportedByItsType_AndNoneAreWhereNobodyWantsThem()
    {
        using var sut = Sut(new HookOptions { MaxEventBytes = 3 });
        using var without = Sut(new HookOptions { Events = false });
        sut.Missed(["alice"], "LONG", new byte[4]);
        without.Missed(["alice"], "LONG", new byte[1]);
        foreach (var one in new[] { without, sut })
        {
            await one.StartAsync(CancellationToken.None);
            await one.StopAsync(CancellationToken.None);
        }

        var report = _service.Asked.Single().Reports.Single();
        Assert.That((report.EventType, report.Event.Length), Is.EqualTo(("LONG", 0)));
    }

    [TestCase("x", "Gateway:Hook:Rpc is 'x'; write 'package.Service/Method', as in 'gateway.hook.v1.PresenceHook/Report'.")]
    [TestCase("/x", "Gateway:Hook:Rpc is '/x'; write 'package.Service/Method', as in 'gateway.hook.v1.PresenceHook/Report'.")]
    public void Rpc_ThatIsNone_IsRefused(string rpc, string sentence) =>
        Assert.That(new HookOptionsValidator().Validate(null, new HookOptions { Rpc = rpc }).Failures, Is.EqualTo(new[] { sentence }));

    [Test]
    public void Settings_OutOfRange_AreRefused() => Assert.That(
        new HookOptionsValidator().Validate(null, new HookOptions { MaxEventBytes = -1, QueueLimit = 1, BatchSize = 0, Timeout = TimeSpan.Zero, RetryFor = TimeSpan.FromDays(1) }).Failures,
        Is.EqualTo(new[]
        {
            "Gateway:Hook:MaxEventBytes is -1; use 0 to 65536.",
            "Gateway:Hook:QueueLimit is 1; use 100 to 1000000.",
            "Gateway:Hook:BatchSize is 0; use 1 to 1000.",
            "Gateway:Hook:Timeout is '00:00:00'; use '00:00:00.1000000' to '00:01:00'.",
            "Gateway:Hook:RetryFor is '1.00:00:00'; use '00:00:00' to '01:00:00'.",
        }));

    [Test]
    public void Defaults_AreValid() => Assert.That(new HookOptionsValidator().Validate(null, new HookOptions()).Succeeded);

    private Task PassUntilAsync(Func<bool> condition) => Eventually.That(() =>
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        return condition();
    });

    private PresenceReports Sut(HookOptions options) =>
        new(_service, Options.Create(options), new HookMetrics(TestMeters.Factory), _time, _logs.CreateLogger<PresenceReports>());

    private sealed class HookService : ISubServices
    {
        private readonly Lock _lock = new();
        private readonly List<ReportRequest> _asked = [];

        public int Failures { get; set; }

        /// <summary>Answers wait for it; null where they come at once.</summary>
        public TaskCompletionSource? Gate { get; set; }

        public IReadOnlyList<ReportRequest> Asked
        {
            get
            {
                lock (_lock)
                {
                    return [.. _asked];
                }
            }
        }

        public async Task<byte[]> AskAsync(string clusterId, string path, ReadOnlySequence<byte> request, int maxAnswer, CancellationToken cancellationToken)
        {
            Assert.That(path, Is.EqualTo("/gateway.hook.v1.PresenceHook/Report"));
            lock (_lock)
            {
                _asked.Add(ReportRequest.Parser.ParseFrom(request));
                if (Failures > 0)
                {
                    Failures--;
                    throw new InvalidOperationException("no instance");
                }
            }

            await (Gate?.Task ?? Task.CompletedTask).WaitAsync(cancellationToken);
            return [];
        }
    }
}
