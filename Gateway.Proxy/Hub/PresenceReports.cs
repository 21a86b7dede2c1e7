using System.Buffers;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Gateway.Notify.Delivery;
using Gateway.Protocol.Hook;
using Gateway.Proxy.Telemetry;
using Gateway.Transforms.Events;
using Google.Protobuf;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Hub;

/// <summary>
/// Takes reports to the service that wants them, by calls of the gateway's own: what gathers during one call goes out with the next. A call that fails is made
/// again, with the same reports, for a while. Bounded; what is dropped is counted and told.
/// </summary>
internal sealed partial class PresenceReports(
    ISubServices services, IOptions<HookOptions> options, HookMetrics metrics, TimeProvider time, ILogger<PresenceReports> logger) : BackgroundService, IPresenceHook
{
    /// <summary>Users of one report; an event for more makes several.</summary>
    private const int MostUsers = 1_000;

    private const int MaxAnswer = 64 << 10;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly HookOptions _options = options.Value;
    private readonly Channel<Report> _queue = Channel.CreateBounded<Report>(new BoundedChannelOptions(options.Value.QueueLimit) { SingleReader = true });
    private readonly CancellationTokenSource _leaving = new();
    private bool _isFailing;
    private bool _isFull;

    public void Came(string userId) => Add(new Report { Kind = Kind.Came, UserIds = { userId } });

    public void Gone(string userId) => Add(new Report { Kind = Kind.Gone, UserIds = { userId } });

    public void Missed(IReadOnlyList<string> userIds, string type, ReadOnlyMemory<byte> body)
    {
        if (!_options.Events)
        {
            return;
        }

        // The body is part of a frame that nobody changes.
        var whole = body.Length <= _options.MaxEventBytes ? UnsafeByteOperations.UnsafeWrap(body) : ByteString.Empty;
        foreach (var some in userIds.Chunk(MostUsers))
        {
            Add(new Report { Kind = Kind.Event, UserIds = { some }, EventType = type, Event = whole });
        }
    }

    /// <summary>What waits goes out, or is lost: each batch has one attempt.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Writer.TryComplete();
        await _leaving.CancelAsync();
        if (ExecuteTask is { } working)
        {
            await working.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await base.StopAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _leaving.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await _queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            var batch = new ReportRequest();
            while (batch.Reports.Count < _options.BatchSize && _queue.Reader.TryRead(out var report))
            {
                batch.Reports.Add(report);
            }

            metrics.Queued(-batch.Reports.Count);
            metrics.Ended(await DeliverAsync(batch, stoppingToken) ? "sent" : "failed", batch.Reports.Count);
        }
    }

    private void Add(Report report)
    {
        report.Id = Guid.NewGuid().ToString("N");
        report.AtMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (_queue.Writer.TryWrite(report))
        {
            metrics.Queued(1);
            Volatile.Write(ref _isFull, false);
            return;
        }

        metrics.Ended("full", 1);
        if (!Interlocked.Exchange(ref _isFull, true))
        {
            Log.QueueFull(logger, _options.QueueLimit);
        }
    }

    private async Task<bool> DeliverAsync(ReportRequest batch, CancellationToken stoppingToken)
    {
        var message = new ReadOnlySequence<byte>(batch.ToByteArray());
        var began = time.GetTimestamp();
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                using var deadline = new CancellationTokenSource(_options.Timeout, time);
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stoppingToken);
                await services.AskAsync(_options.ClusterId, '/' + _options.Rpc, message, MaxAnswer, limit.Token).WaitAsync(limit.Token);
                if (_isFailing)
                {
                    _isFailing = false;
                    Log.Recovered(logger);
                }

                return true;
            }
            catch (Exception exception)
            {
                // Whatever it is: no instance, no connection, no answer in time, or an error.
                if (!_isFailing)
                {
                    _isFailing = true;
                    Log.Failed(logger, exception, _options.ClusterId);
                }
            }

            if (_leaving.IsCancellationRequested || time.GetElapsedTime(began) >= _options.RetryFor)
            {
                Log.Dropped(logger, batch.Reports.Count);
                return false;
            }

            await Task.Delay(pause, time, _leaving.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1460, LogLevel.Warning, "The offline hook, cluster '{Cluster}', does not take reports; they are sent again for Gateway:Hook:RetryFor", EventName = "HookFailed")]
        public static partial void Failed(ILogger logger, Exception exception, string cluster);

        [LoggerMessage(1461, LogLevel.Information, "The offline hook takes reports again", EventName = "HookRecovered")]
        public static partial void Recovered(ILogger logger);

        [LoggerMessage(1462, LogLevel.Warning, "{Count} reports to the offline hook are dropped, because it did not take them in time", EventName = "HookReportsDropped")]
        public static partial void Dropped(ILogger logger, int count);

        [LoggerMessage(1463, LogLevel.Warning, "More than {Limit} reports wait for the offline hook; further ones are dropped until there is room", EventName = "HookQueueFull")]
        public static partial void QueueFull(ILogger logger, int limit);
    }
}

/// <summary>What becomes of reports to the offline hook.</summary>
internal sealed class HookMetrics
{
    private readonly Counter<long> _reports;
    private readonly UpDownCounter<long> _queue;

    public HookMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(GatewayMeter.Name);
        _reports = meter.CreateCounter<long>("gateway.hook.reports", "{report}", "Reports to the offline hook, by what became of them.");
        _queue = meter.CreateUpDownCounter<long>("gateway.hook.queue", "{report}", "Reports to the offline hook that wait.");
    }

    public void Queued(int reports) => _queue.Add(reports);

    public void Ended(string result, int reports) => _reports.Add(reports, new KeyValuePair<string, object?>("result", result));
}
