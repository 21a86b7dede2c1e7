using System.Net;
using Etcdserverpb;
using Gateway.Proxy.Discovery.Etcd;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Proxy.Discovery.Etcd;

/// <summary>This gateway's own entry in etcd: it comes back after whatever happens, and goes with the gateway.</summary>
[TestFixture]
[Servers]
internal sealed class SelfRegistrationTests
{
    private const string Prefix = "/service/notify_service/";

    private RecordingLoggerProvider _log = null!;

    [SetUp]
    public void SetUp() => _log = new RecordingLoggerProvider();

    [TearDown]
    public void TearDown() => _log.Dispose();

    [Test]
    public async Task Stop_TakesTheEntryAway_WithoutWaitingForItsTime()
    {
        await using var etcd = await EtcdProcess.CreateAsync();
        using var sut = await StartAsync(etcd.Endpoint, timeToLive: TimeSpan.FromMinutes(1));
        await Eventually.That(async () => await etcd.CountAsync(Prefix) == 1, "the entry is there");

        await sut.StoppingAsync(CancellationToken.None).DefaultTimeout();

        Assert.That(await etcd.CountAsync(Prefix), Is.Zero);
        Assert.That(_log.Entries.Select(entry => entry.EventId.Name), Is.EqualTo(new[] { "SelfRegistered" }));
    }

    [Test]
    public async Task Etcd_CutOffForAWhile_TheLeaseOfBeforeIsTakenUpAndGoesAtTheStop()
    {
        await using var etcd = await EtcdProcess.CreateAsync();
        await using var relay = new TcpRelay(etcd.Port);
        using var sut = await StartAsync(relay.Endpoint, timeToLive: TimeSpan.FromSeconds(15));
        await Eventually.That(async () => await etcd.CountAsync(Prefix) == 1, "the entry is there");
        relay.Cut();
        await Eventually.That(() => _log.Named("SelfRegistrationLost").Count == 1, "the loss is told");
        relay.Restore();
        await Eventually.That(() => _log.Named("SelfRegistered").Count == 2, "the entry is written again");

        await sut.StoppingAsync(CancellationToken.None).DefaultTimeout();

        Assert.That(await etcd.CountAsync(Prefix), Is.Zero);
    }

    [TestCase(typeof(LeaseGrantRequest))]
    [TestCase(typeof(PutRequest))]
    [TestCase(typeof(LeaseKeepAliveRequest))]
    public async Task Stop_InTheMiddleOfARequest_GivesTheLeaseBack(Type request)
    {
        await using var etcd = await FakeEtcd.StartAsync();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        etcd.BeforeAnswer = asked =>
        {
            if (asked.GetType() != request)
            {
                return Task.CompletedTask;
            }

            reached.TrySetResult();
            return new TaskCompletionSource().Task;
        };
        using var sut = await StartAsync(etcd.Endpoint);
        await reached.Task.DefaultTimeout();

        await sut.StoppingAsync(CancellationToken.None).DefaultTimeout();

        Assert.That(etcd.Asked.OfType<LeaseRevokeRequest>().Select(asked => asked.ID), Is.EqualTo(etcd.Asked.OfType<LeaseGrantRequest>().Select(asked => asked.ID)));
        Assert.That(_log.Named("SelfRegistrationLeft"), Is.Empty);
    }

    [Test]
    public async Task Stop_AfterAFailedKeepAlive_GivesTheLeaseBack()
    {
        await using var etcd = await FakeEtcd.StartAsync();
        etcd.BeforeAnswer = asked => asked is LeaseKeepAliveRequest ? Task.FromException(new IOException()) : Task.CompletedTask;
        using var sut = await StartAsync(etcd.Endpoint, retryDelay: TimeSpan.FromHours(1));
        await Eventually.That(() => _log.Named("SelfRegistrationLost").Count == 1, "the failure is told");

        await sut.StoppingAsync(CancellationToken.None).DefaultTimeout();

        Assert.That(etcd.Asked.OfType<LeaseRevokeRequest>().Single().ID, Is.EqualTo(etcd.Asked.OfType<PutRequest>().Single().Lease));
    }

    [Test]
    public async Task Stop_FirstMemberIsOutOfOrder_TheOneInUseIsAskedFirst()
    {
        await using var broken = await FakeEtcd.StartAsync();
        broken.BeforeAnswer = _ => Task.FromException(new IOException());
        await using var etcd = await FakeEtcd.StartAsync();
        using var sut = await StartAsync($"{broken.Endpoint},{etcd.Endpoint}");
        await Eventually.That(() => _log.Named("SelfRegistered").Count == 1, "the entry is written");

        await sut.StoppingAsync(CancellationToken.None).DefaultTimeout();

        Assert.That(etcd.Asked.OfType<LeaseRevokeRequest>().Count(), Is.EqualTo(1));
        Assert.That(broken.Asked.OfType<LeaseRevokeRequest>(), Is.Empty);
    }

    [Test]
    public async Task Stop_EtcdDoesNotAnswer_EndsAtTheDeadlineAndSaysThatTheEntryStays()
    {
        await using var etcd = await FakeEtcd.StartAsync();
        etcd.BeforeAnswer = asked => asked is LeaseRevokeRequest ? new TaskCompletionSource().Task : Task.CompletedTask;
        using var sut = await StartAsync(etcd.Endpoint, requestTimeout: TimeSpan.FromSeconds(1));
        await Eventually.That(() => _log.Named("SelfRegistered").Count > 0, "the entry is written");

        await sut.StoppingAsync(CancellationToken.None).DefaultTimeout();

        Assert.That(_log.Named("SelfRegistrationLeft"), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task EtcdBehindAProxyThatAnswers404_IsTriedAgainAndToldOnce()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        await using var proxy = builder.Build();
        var attempts = 0;
        proxy.Run(context =>
        {
            Interlocked.Increment(ref attempts);
            context.Response.StatusCode = 404;
            return Task.CompletedTask;
        });
        await proxy.StartAsync();
        using var sut = await StartAsync(proxy.Urls.Single());

        await Eventually.That(() => Volatile.Read(ref attempts) > 3, "it is tried again");

        Assert.That(_log.Named("SelfRegistrationLost"), Has.Count.EqualTo(1));
        await sut.StoppingAsync(CancellationToken.None).DefaultTimeout();
    }

    [Test]
    public async Task Failure_OfAKindThatNobodyListed_IsToldAndTriedAgain()
    {
        await using var etcd = await FakeEtcd.StartAsync();
        using var sut = await StartAsync(etcd.Endpoint, new FailingOnce());

        await Eventually.That(() => _log.Named("SelfRegistered").Count == 1, "the entry is written all the same");

        Assert.That(_log.Named("SelfRegistrationLost").Single().Message, Does.Contain(nameof(NotSupportedException)));
        await sut.StoppingAsync(CancellationToken.None).DefaultTimeout();
    }

    private async Task<SelfRegistration> StartAsync(
        string endpoint, TimeProvider? time = null, TimeSpan? timeToLive = null, TimeSpan? retryDelay = null, TimeSpan? requestTimeout = null)
    {
        var sut = new SelfRegistration(
            Options.Create(new RegistrationOptions { Service = "notify_service", Address = "127.0.0.1:9001", TimeToLive = timeToLive ?? TimeSpan.FromSeconds(10) }),
            Options.Create(new EtcdOptions
            {
                Endpoints = endpoint,
                RetryDelayMin = retryDelay ?? TimeSpan.FromMilliseconds(10),
                RetryDelayMax = retryDelay ?? TimeSpan.FromMilliseconds(50),
                RequestTimeout = requestTimeout ?? TimeSpan.FromSeconds(10),
            }),
            time ?? TimeProvider.System,
            _log.CreateLogger<SelfRegistration>());
        await sut.StartedAsync(CancellationToken.None);
        return sut;
    }

    /// <summary>A clock whose first timer cannot be had.</summary>
    private sealed class FailingOnce : TimeProvider
    {
        private int _timers;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            Interlocked.Increment(ref _timers) == 1 ? throw new NotSupportedException() : base.CreateTimer(callback, state, dueTime, period);
    }
}
