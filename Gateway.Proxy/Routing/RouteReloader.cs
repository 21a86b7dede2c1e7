using Gateway.Proxy.Discovery;
using Gateway.Proxy.Settings;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Schema;

namespace Gateway.Proxy.Routing;

/// <summary>Takes over the first routes and every change of them, or keeps those in use and says why.</summary>
internal sealed partial class RouteReloader(
    RouteLoader loader,
    RouteProvider provider,
    RpcCatalogs catalogs,
    InstanceSources sources,
    RouteChecks checks,
    RouteStatus status,
    RouteMetrics metrics,
    TimeProvider time,
    ILogger<RouteReloader> logger) : IDisposable
{
    /// <summary>Files may be half written, or half of several files: what is read has to stand still for this long.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>A file that cannot be read has to stay so for this many pauses before it is refused.</summary>
    private const int PausesForMistakes = 3;

    /// <summary>After so many pauses a file that still changes is judged as it is.</summary>
    private const int MaxPauses = 6;

    /// <summary>One log line has to stay readable.</summary>
    private const int MaxTold = 20;

    /// <summary>The watch over the files and an operator may ask at the same moment.</summary>
    private readonly SemaphoreSlim _turn = new(1, 1);

    private RouteReading? _first;
    private string[] _catalogsInUse = [];
    private string _seen = "";

    /// <summary>Takes over the first routes.</summary>
    /// <exception cref="ConfigurationRefusedException">They have mistakes; it lists all of them.</exception>
    public void Start()
    {
        // Nothing waits in there: YARP's own first load, a moment later, does the same.
        var reading = loader.Read();
        var set = loader.LoadAsync(reading, CancellationToken.None).GetAwaiter().GetResult();
        loader.EnsureServable(set);
        provider.Start(set);
        _first = reading;
        _catalogsInUse = [set.CatalogName];
        _seen = reading.Fingerprint;
        var now = time.GetUtcNow();
        status.Report(new RouteReload(RouteReloadResult.Applied, now, set.Revision, now, [], []));
        TellNotes(set);
    }

    /// <summary>Looks once whether something has changed, and if so takes it over. Throws only if cancelled.</summary>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var reading = loader.Read();
            if (reading.Fingerprint != _seen)
            {
                reading = await SettleAsync(reading, cancellationToken);
            }

            if (reading.Fingerprint != _seen)
            {
                await TakeOverAsync(reading, cancellationToken);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Reads everything now and judges it anew, changed or not; returns what became of it. Throws only if cancelled.</summary>
    public async Task<RouteReload> ReloadAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await TakeOverAsync(await SettleAsync(loader.Read(), cancellationToken), cancellationToken);
            return status.Last!;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Judges what may come to stand in yarp.json, as a reload would, and takes over nothing; returns its mistakes.</summary>
    public async Task<IReadOnlyList<string>> JudgeAsync(byte[] candidate, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            loader.EnsureServable(await loader.LoadAsync(loader.Read(candidate), cancellationToken));
            return [];
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return Mistakes(exception);
        }
        finally
        {
            catalogs.Keep(_catalogsInUse);
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task<RouteReading> SettleAsync(RouteReading reading, CancellationToken cancellationToken)
    {
        var still = 0;
        for (var pauses = 0; pauses < MaxPauses && still < (reading.Errors.Count + reading.Misplaced.Count > 0 ? PausesForMistakes : 1); pauses++)
        {
            await Task.Delay(Pause, time, cancellationToken);
            var next = loader.Read();
            still = next.Fingerprint == reading.Fingerprint ? still + 1 : 0;
            reading = next;
        }

        return reading;
    }

    private async Task TakeOverAsync(RouteReading reading, CancellationToken cancellationToken)
    {
        _seen = reading.Fingerprint;
        var old = provider.Current;
        try
        {
            var set = await loader.LoadAsync(reading, cancellationToken);
            loader.EnsureServable(set);
            if (set.Revision == old.Revision)
            {
                Report(RouteReloadResult.Unchanged, WaitingForRestart(reading));
                Log.Unchanged(logger, old.Revision);
            }
            else
            {
                await sources.PrepareAsync(set.Clusters, time, cancellationToken);
                await provider.ReplaceAsync(set, cancellationToken);
                Report(RouteReloadResult.Applied, WaitingForRestart(reading));
                Log.Applied(logger, set.Routes.Count, set.Clusters.Count, set.Revision, old.Revision);
                TellNotes(set);
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Refuse(Mistakes(exception));
        }

        // Requests under way have their catalog's results in hand; only YARP may still be looking at the old set.
        _catalogsInUse = [old.CatalogName, provider.Current.CatalogName];
        catalogs.Keep(_catalogsInUse);
        sources.Keep(provider.Current.Clusters);
    }

    private IReadOnlyList<string> Mistakes(Exception exception)
    {
        if (exception is ConfigurationRefusedException refused)
        {
            return refused.Errors;
        }

        Log.Broke(logger, exception);
        return [$"The check itself failed: {exception.Message}"];
    }

    private void TellNotes(RouteSet set)
    {
        if (checks.FindNotes(set.Routes) is { Count: > 0 } sentences)
        {
            Log.Noted(logger, string.Join(' ', sentences));
        }
    }

    private void Refuse(IReadOnlyList<string> errors)
    {
        Report(RouteReloadResult.Refused, status.Last?.WaitForRestart ?? [], errors);
        var told = string.Join(' ', errors.Take(MaxTold));
        Log.Refused(logger, provider.Current.Revision, errors.Count, errors.Count > MaxTold ? $"{told} And {errors.Count - MaxTold} more." : told);
    }

    private void Report(RouteReloadResult result, IReadOnlyList<string> waiting, IReadOnlyList<string>? errors = null)
    {
        var last = status.Last;
        var now = time.GetUtcNow();
        status.Report(new RouteReload(
            result, now, provider.Current.Revision, result == RouteReloadResult.Applied || last is null ? now : last.AppliedAt, errors ?? [], waiting));
        metrics.Count(result);
        if (waiting.Count > 0 && !waiting.SequenceEqual(last?.WaitForRestart ?? []))
        {
            Log.RestartNeeded(logger, string.Join(", ", waiting));
        }
    }

    /// <summary>Settings that stand in the route files without being routes, and differ from those at start.</summary>
    private IReadOnlyList<string> WaitingForRestart(RouteReading reading)
    {
        var (then, now) = (_first!.FileSettings, reading.FileSettings);
        return [.. then.Keys.Union(now.Keys, StringComparer.OrdinalIgnoreCase)
            .Where(key => !IsLive(key) && then.GetValueOrDefault(key) != now.GetValueOrDefault(key))
            .Order(StringComparer.OrdinalIgnoreCase)];
    }

    private static bool IsLive(string key) =>
        key.StartsWith(RoutingExtensions.SectionName, StringComparison.OrdinalIgnoreCase)
        || key.StartsWith(DescriptorSets.Setting, StringComparison.OrdinalIgnoreCase)
        || key == "$schema";

    private static partial class Log
    {
        [LoggerMessage(1000, LogLevel.Information, "Changed routes are in use: {Routes} routes, {Clusters} clusters, revision {Revision} after {OldRevision}.", EventName = "RoutesApplied")]
        public static partial void Applied(ILogger logger, int routes, int clusters, string revision, string oldRevision);

        [LoggerMessage(1001, LogLevel.Warning, "Changed routes were refused, those of revision {Revision} stay in use. Mistakes, {Count}: {Mistakes}", EventName = "RoutesRefused")]
        public static partial void Refused(ILogger logger, string revision, int count, string mistakes);

        [LoggerMessage(1002, LogLevel.Information, "The route files were read again and say the same: the routes of revision {Revision} stay in use.", EventName = "RoutesUnchanged")]
        public static partial void Unchanged(ILogger logger, string revision);

        [LoggerMessage(1003, LogLevel.Warning, "Settings that are read only at start have changed in the route files, and wait for a restart: {Settings}.", EventName = "RestartNeeded")]
        public static partial void RestartNeeded(ILogger logger, string settings);

        [LoggerMessage(1004, LogLevel.Error, "A check of changed routes broke.", EventName = "RouteCheckBroke")]
        public static partial void Broke(ILogger logger, Exception exception);

        [LoggerMessage(1005, LogLevel.Information, "Note: {Notes}", EventName = "RouteNotes")]
        public static partial void Noted(ILogger logger, string notes);
    }
}
