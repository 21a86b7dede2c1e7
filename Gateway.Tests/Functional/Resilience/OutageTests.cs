using System.Collections.Concurrent;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Server.Kestrel.Core;

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
        await using var reads = new Load(() => CallAsync());
        await using var writes = new Load(() => CallAsync(WritePath));
        for (var i = 0; i < Instances.Length; i++)
        {
            await Task.WhenAll(reads.MoreAsync(200), writes.MoreAsync(200));
            var port = new Uri(Instances[i].Address).Port;
            await Instances[i].StopAsync();
            await Instances[i].DisposeAsync();
            await Task.WhenAll(reads.MoreAsync(200), writes.MoreAsync(200));
            Instances[i] = await StubSubService.StartAsync(HttpProtocols.Http2, port);
        }

        await Task.WhenAll(reads.MoreAsync(200), writes.MoreAsync(200));
        Assert.That(await reads.EndAsync(), Is.Empty);
        Assert.That(await writes.EndAsync(), Is.Empty);
    }

    /// <summary>Callers that call one after another until they are told to end.</summary>
    private sealed class Load : IAsyncDisposable
    {
        private readonly Func<Task<string>> _call;
        private readonly ConcurrentQueue<string> _failures = new();
        private readonly Task[] _callers;
        private int _done;
        private volatile bool _ending;

        public Load(Func<Task<string>> call)
        {
            _call = call;
            _callers = [.. Enumerable.Range(0, Callers).Select(_ => Task.Run(RunAsync))];
        }

        /// <summary>Waits for so many further calls.</summary>
        public Task MoreAsync(int calls)
        {
            var goal = Volatile.Read(ref _done) + calls;
            return Eventually.That(() => Volatile.Read(ref _done) >= goal || Array.Exists(_callers, caller => caller.IsFaulted));
        }

        /// <summary>The codes of all calls that failed.</summary>
        public async Task<IReadOnlyCollection<string>> EndAsync()
        {
            _ending = true;
            await Task.WhenAll(_callers).DefaultTimeout();
            return _failures;
        }

        public async ValueTask DisposeAsync() => await EndAsync();

        private async Task RunAsync()
        {
            while (!_ending)
            {
                if (await _call() is { Length: > 0 } code)
                {
                    _failures.Enqueue(code);
                }

                Interlocked.Increment(ref _done);
            }
        }
    }
}
