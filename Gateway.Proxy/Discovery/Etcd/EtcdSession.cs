using Etcdserverpb;

namespace Gateway.Proxy.Discovery.Etcd;

/// <summary>
/// Follows the registry over one connection for as long as that works: read everything, then watch from the next revision
/// on, then audit now and then. However it ends, the next session starts with a full read, so nothing can be missed.
/// </summary>
internal sealed class EtcdSession(
    EtcdConnection connection,
    RegistryMirror mirror,
    ServiceRegistry registry,
    EtcdOptions options,
    MonotonicClock clock,
    TimeProvider time)
{
    private TimeSpan? _publishDue;

    /// <param name="connected">Called once the watch stands.</param>
    /// <param name="cancellationToken">Ends the session with an exception.</param>
    /// <returns>Why the session ended. Failed calls end it with an exception.</returns>
    public async Task<string> RunAsync(Action connected, CancellationToken cancellationToken)
    {
        // The audit's read must end with the session, however that ends.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            // 1 Everything, for immediate use
            var all = await connection.ReadAllAsync(ending.Token);
            mirror.Load(all);
            Publish();
            Report(connected: false);

            // 2 A watch from the revision after it
            using var watch = await connection.WatchAsync(all.Header.Revision + 1, ending.Token);
            Report(connected: true);
            connected();

            // 3 Changes, until something breaks
            return await FollowAsync(watch, ending.Token);
        }
        finally
        {
            await ending.CancelAsync();
            Publish();
            registry.Report(registry.Status with { Connected = false });
        }
    }

    private async Task<string> FollowAsync(EtcdWatch watch, CancellationToken cancellationToken)
    {
        var audit = new WatchAudit(mirror, options, clock, Random.Shared);
        var next = watch.NextAsync(cancellationToken);
        Task<RangeResponse>? read = null;
        while (true)
        {
            await AnyAsync(next, read, Earliest(_publishDue, read is null ? audit.Due : null), cancellationToken);

            if (next.IsCompleted)
            {
                if (TakeOver(await next) is { } end)
                {
                    return end;
                }

                next = watch.NextAsync(cancellationToken);
            }

            if (read is { IsCompleted: true })
            {
                if (Judge(audit, await read) is { } problem)
                {
                    return problem;
                }

                read = null;
            }
            else if (read is null && audit.Due <= clock.Now)
            {
                read = connection.ReadAllAsync(cancellationToken);
            }

            if (_publishDue <= clock.Now)
            {
                Publish();
            }
        }
    }

    private string? TakeOver(WatchResponse? response)
    {
        if (response is null)
        {
            return "etcd ended the watch";
        }

        if ((EtcdWatch.FindEnd(response) ?? mirror.FindBreak(response.Header)) is { } end)
        {
            return end;
        }

        if (mirror.Apply(response))
        {
            // Counted from the first change, so that constant change cannot put it off for ever.
            _publishDue ??= clock.Now + options.Debounce;
        }

        Report(connected: true);
        return null;
    }

    private string? Judge(WatchAudit audit, RangeResponse all)
    {
        var problem = audit.Judge(all);
        if (problem is null && mirror.ExpireHeld())
        {
            Publish();
        }

        Report(connected: problem is null);
        return problem;
    }

    private void Publish()
    {
        _publishDue = null;
        if (mirror.Revision > 0)
        {
            registry.Publish(mirror.Instances());
        }
    }

    private void Report(bool connected) =>
        registry.Report(new RegistryStatus(connected, Synced: true, mirror.Revision, time.GetUtcNow(), mirror.HeldInstances));

    private async Task AnyAsync(Task next, Task? read, TimeSpan? alarm, CancellationToken cancellationToken)
    {
        using var awake = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var timer = clock.Until(alarm, awake.Token);
        await (read is null ? Task.WhenAny(next, timer) : Task.WhenAny(next, read, timer));
        await awake.CancelAsync();
    }

    private static TimeSpan? Earliest(TimeSpan? one, TimeSpan? other) => (one, other) switch
    {
        ({ } a, { } b) => a < b ? a : b,
        _ => one ?? other,
    };
}
