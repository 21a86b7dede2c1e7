using System.Diagnostics.CodeAnalysis;

namespace Gateway.Proxy.Discovery;

/// <summary>
/// A source that is asked for each service by itself: from the first cluster that names the service on, until none does any more. Questions go on for
/// as long, with growing pauses while they fail, and what was known stays known.
/// </summary>
internal abstract partial class FollowedServices : IInstanceSource, IHostedService, IDisposable
{
    /// <summary>Of a service that a change of the routes has added: the gateway is as ready as it was before, unless the source does not answer.</summary>
    private static readonly RegistryStatus NotMissedYet = RegistryStatus.Initial with { Connected = true, Synced = true };

    private readonly FollowTimes _times;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Following> _followed = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private bool _hasStarted;

    protected FollowedServices(string name, FollowTimes times, TimeProvider time, ILogger logger)
    {
        Name = name;
        _times = times;
        _time = time;
        _logger = logger;
        Clock = new MonotonicClock(time);
        _publishing = time.CreateTimer(_ => Publish(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public string Name { get; }

    public ServiceRegistry Registry { get; } = new();

    public virtual MissingSetting? Missing => null;

    public bool IsUsed
    {
        get
        {
            lock (_lock)
            {
                return _followed.Count > 0;
            }
        }
    }

    public IReadOnlyList<ServiceTrouble> Troubles
    {
        get
        {
            lock (_lock)
            {
                return [.. _followed.Values.Select(following => following.Service.Trouble).OfType<ServiceTrouble>()];
            }
        }
    }

    protected MonotonicClock Clock { get; }

    public abstract bool Owns(string? address);

    public abstract bool TryParse(string address, [NotNullWhen(true)] out string? service, [NotNullWhen(false)] out string? problem);

    public void Follow(string service)
    {
        lock (_lock)
        {
            if (_stopping.IsCancellationRequested || _followed.ContainsKey(service))
            {
                return;
            }

            var initial = _hasStarted ? NotMissedYet with { LastContact = _time.GetUtcNow() } : RegistryStatus.Initial;
            var followed = new FollowedService(service, Name, initial, _times.EmptyGrace, Clock, _time, _logger, Changed);
            var ending = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
            _followed[service] = new Following(followed, ending, RunApart(() => FollowAsync(followed, ending))) { IsInUse = _hasStarted };
        }

        Changed();
    }

    public Task FirstAnswer(string service)
    {
        lock (_lock)
        {
            return _followed.TryGetValue(service, out var following) ? following.Answered.Task : Task.CompletedTask;
        }
    }

    public void Keep(IReadOnlySet<string> services)
    {
        Following[] ended;
        lock (_lock)
        {
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            ended = [.. _followed.Values.Where(following => !services.Contains(following.Service.Name))];
            foreach (var following in ended)
            {
                _followed.Remove(following.Service.Name);
            }
        }

        foreach (var following in ended)
        {
            following.Ending.Cancel();
        }

        if (ended.Length > 0)
        {
            Changed();
        }
    }

    /// <summary>From now on, a service that a change of the routes adds does not make the gateway unready.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _hasStarted = true;
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task[] running;
        lock (_lock)
        {
            _stopping.Cancel();
            running = [.. _followed.Values.Select(following => following.Running)];
        }

        await Task.WhenAll(running).WaitAsync(cancellationToken);
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _publishing.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Asks once, or follows for as long as one connection goes.</summary>
    /// <returns>When to ask again; zero for soon.</returns>
    protected abstract Task<TimeSpan> FollowOnceAsync(FollowedService service, CancellationToken cancellationToken);

    /// <summary>Why a question failed, if that is one of the ways in which it may; null for a defect.</summary>
    protected abstract string? Describe(Exception exception);

    /// <summary>How long the source wants to be left alone after a failure; zero where it does not say.</summary>
    protected virtual TimeSpan PauseAfter(Exception exception) => TimeSpan.Zero;

    /// <summary>Not as a part of the request, if any, that has brought the service up.</summary>
    private static Task RunApart(Func<Task> run)
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            return Task.Run(run, CancellationToken.None);
        }

        using (ExecutionContext.SuppressFlow())
        {
            return Task.Run(run, CancellationToken.None);
        }
    }

    private async Task FollowAsync(FollowedService service, CancellationTokenSource ending)
    {
        using var ended = ending;
        var cancellationToken = ending.Token;
        var backoff = new Backoff(_times.RetryDelayMin, _times.RetryDelayMax, Random.Shared);
        while (!cancellationToken.IsCancellationRequested)
        {
            var began = Clock.Now;
            var pause = TimeSpan.Zero;
            var least = TimeSpan.Zero;
            try
            {
                pause = await FollowOnceAsync(service, cancellationToken);
            }
            catch (Exception) when (cancellationToken.IsCancellationRequested)
            {
                // The service is not wanted any more: questions that fail now are expected to.
                return;
            }
            catch (Exception exception)
            {
                var reason = Describe(exception);
                // Others have been told the same.
                least = PauseAfter(exception) * (1 + Random.Shared.NextDouble() / 5);
                service.NoteLoss(reason ?? "an unexpected failure", reason is null ? exception : null);
            }

            if (pause > TimeSpan.Zero || Clock.Now - began > _times.RetryDelayMax)
            {
                backoff.Reset();
            }

            if (pause <= TimeSpan.Zero)
            {
                pause = backoff.Next();
            }

            await Task.Delay(pause > least ? pause : least, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private sealed record Following(FollowedService Service, CancellationTokenSource Ending, Task Running)
    {
        /// <summary>The first question was answered, or has failed, and what came of it is in use.</summary>
        public TaskCompletionSource Answered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>What was read at first has been published: until then calls would find no instance. Of a service that was added later nobody waits for it.</summary>
        public bool IsInUse { get; set; }
    }
}

/// <param name="Debounce">How long changes are gathered.</param>
/// <param name="EmptyGrace">How long instances stay in use when a service has none any more.</param>
/// <param name="RetryDelayMin">The pause after a first failure.</param>
/// <param name="RetryDelayMax">The longest pause.</param>
internal sealed record FollowTimes(TimeSpan Debounce, TimeSpan EmptyGrace, TimeSpan RetryDelayMin, TimeSpan RetryDelayMax);
