namespace Gateway.Proxy.Operations.Health;

/// <summary>Writes each outage into the log, in the words of /readyz, when it begins and when it is over.</summary>
internal sealed partial class OutageLog(Readiness readiness, TimeProvider time, ILogger<OutageLog> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>What comes and goes, as a breaker does that lets a call through from time to time, is one outage.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(10);

    private readonly Dictionary<(Finding Finding, string About), Outage> _outages = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                Look();
            }
        }
        catch (OperationCanceledException)
        {
            // The gateway stops.
        }
    }

    private void Look()
    {
        var report = readiness.Report();
        // Before it is ready and once it stops, nobody sends requests here.
        foreach (var found in report.IsReady ? report.Found : [])
        {
            if (found.Finding.Severity != Severity.Outage)
            {
                continue;
            }

            var key = (found.Finding, found.About);
            if (!_outages.TryGetValue(key, out var known))
            {
                Log.Began(logger, found.Sentence);
            }

            _outages[key] = new Outage(known?.Sentence ?? found.Sentence, time.GetTimestamp());
        }

        foreach (var (key, outage) in _outages.Where(one => time.GetElapsedTime(one.Value.SeenAt) >= Rest).ToArray())
        {
            _outages.Remove(key);
            Log.Over(logger, outage.Sentence);
        }
    }

    private sealed record Outage(string Sentence, long SeenAt);

    private static partial class Log
    {
        [LoggerMessage(1301, LogLevel.Warning, "Outage: {What}.", EventName = "OutageBegan")]
        public static partial void Began(ILogger logger, string what);

        [LoggerMessage(1302, LogLevel.Information, "No longer true for 10 s: {What}.", EventName = "OutageOver")]
        public static partial void Over(ILogger logger, string what);
    }
}
