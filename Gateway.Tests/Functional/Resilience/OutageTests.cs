using System.Collections.Concurrent;
using Gateway.Proxy.Destinations;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Functional.Resilience;

/// <summary>Instances come and go under load, with the settings as they are shipped.</summary>
[TestFixture]
[Category("Long")]
[NonParallelizable]
internal sealed class OutageTests : InstancesTest
{
    private const int Callers = 16;

    [Test]
    public async Task Instance_Dies_NoIdempotentCallFails()
    {
        await using var load = new Load(() => CallAsync());
        await load.MoreAsync(200);

        await Instances[0].DisposeAsync();

        await load.MoreAsync(1000);
        Assert.That(await load.EndAsync(), Is.Empty);
        Assert.That(Available, Is.EqualTo(2));
    }

    [Test]
    public async Task Instances_RestartOneAfterAnother_NoCallFails()
    {
        var drained = Gateway.Services.GetRequiredService<DrainedDestinations>();
        await using var reads = new Load(() => CallAsync());
        await using var writes = new Load(() => CallAsync(WritePath));
        for (var i = 0; i < Instances.Length; i++)
        {
            await Task.WhenAll(reads.MoreAsync(200), writes.MoreAsync(200));
            drained.Drain("user", Names[i]);
            // Whoever was on the way to it is there, and has its answer.
            await Task.WhenAll(reads.EachAsync(), writes.EachAsync());
            await RestartAsync(i, () => Task.WhenAll(reads.MoreAsync(200), writes.MoreAsync(200)));
            drained.Undrain("user", Names[i]);
        }

        await Task.WhenAll(reads.MoreAsync(200), writes.MoreAsync(200));
        Assert.That(await reads.EndAsync(), Is.Empty);
        Assert.That(await writes.EndAsync(), Is.Empty);
    }

    /// <summary>
    /// A server that ends at once closes its connections while calls are being written to them. What it has not read is lost, and nobody
    /// can tell it from what it was about to do, so the gateway may not send it again unless the call is idempotent.
    /// </summary>
    [Test]
    public async Task Instances_RestartUnannounced_NoIdempotentCallFails_AndOthersWithOneOutcome()
    {
        await using var reads = new Load(() => CallAsync());
        await using var writes = new Load(() => CallAsync(WritePath));
        for (var i = 0; i < Instances.Length; i++)
        {
            await Task.WhenAll(reads.MoreAsync(200), writes.MoreAsync(200));
            await RestartAsync(i, () => Task.WhenAll(reads.MoreAsync(200), writes.MoreAsync(200)));
        }

        await Task.WhenAll(reads.MoreAsync(200), writes.MoreAsync(200));
        Assert.That(await reads.EndAsync(), Is.Empty);
        Assert.That(await writes.EndAsync(), Has.All.EqualTo("sub-service-failed"));
    }

    private async Task RestartAsync(int instance, Func<Task> meanwhile)
    {
        var port = new Uri(Instances[instance].Address).Port;
        await Instances[instance].StopAsync();
        await Instances[instance].DisposeAsync();
        await meanwhile();
        Instances[instance] = await StubSubService.StartAsync(HttpProtocols.Http2, port);
    }

    /// <summary>Callers that call one after another until they are told to end.</summary>
    private sealed class Load : IAsyncDisposable
    {
        private readonly Func<Task<string>> _call;
        private readonly ConcurrentQueue<string> _failures = new();
        private readonly Task[] _callers;
        private readonly int[] _doneBy = new int[Callers];
        private int _done;
        private volatile bool _ending;

        public Load(Func<Task<string>> call)
        {
            _call = call;
            _callers = [.. Enumerable.Range(0, Callers).Select(caller => Task.Run(() => RunAsync(caller)))];
        }

        /// <summary>Waits for so many further calls.</summary>
        public Task MoreAsync(int calls)
        {
            var goal = Volatile.Read(ref _done) + calls;
            return Eventually.That(() => Volatile.Read(ref _done) >= goal || Array.Exists(_callers, caller => caller.IsFaulted));
        }

        /// <summary>Waits until every call that is under way now has ended.</summary>
        public Task EachAsync()
        {
            int[] before = [.. _doneBy];
            return Eventually.That(() => Array.Exists(_callers, caller => caller.IsFaulted) || Enumerable.Range(0, Callers).All(i => Volatile.Read(ref _doneBy[i]) > before[i]));
        }

        /// <summary>The codes of all calls that failed.</summary>
        public async Task<IReadOnlyCollection<string>> EndAsync()
        {
            _ending = true;
            await Task.WhenAll(_callers).DefaultTimeout();
            return _failures;
        }

        public async ValueTask DisposeAsync() => await EndAsync();

        private async Task RunAsync(int caller)
        {
            while (!_ending)
            {
                if (await _call() is { Length: > 0 } code)
                {
                    _failures.Enqueue(code);
                }

                Interlocked.Increment(ref _done);
                Interlocked.Increment(ref _doneBy[caller]);
            }
        }
    }
}
