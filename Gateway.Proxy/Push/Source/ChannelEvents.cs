using Gateway.Notify.Delivery;
using Gateway.Notify.Delivery.Redis;
using Gateway.Transforms.Events;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Gateway.Proxy.Push.Source;

/// <summary>
/// Listens to the channels on which other services publish events. Each gateway with sockets does, and tells its own sockets alone: so each socket is told once, and
/// no gateway waits for another. Such events have no number, for each gateway would give it another one; clients that keep count load anew when they come back.
/// </summary>
internal sealed class ChannelEvents : BackgroundService
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly IRedisSource _redis;
    private readonly NotifyHub _hub;
    private readonly TimeProvider _time;
    private readonly SourceReport _report;
    private readonly string _before;
    private readonly string _after;
    private readonly int _maxSize;

    public ChannelEvents(
        IRedisSource redis, NotifyHub hub, IOptions<EventSourceOptions> options, IOptions<PushOptions> push, PushMetrics metrics, TimeProvider time, ILogger<ChannelEvents> logger)
    {
        var channels = options.Value.Channels;
        var parts = channels.Split(EventSourceOptions.Placeholder);
        (_redis, _hub, _time, _maxSize, _before, _after) = (redis, hub, time, push.Value.MaxEventSize, parts[0], parts[1]);
        _report = new SourceReport("channel", channels, metrics, time, logger);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pattern = RedisChannel.Pattern($"{Literal(_before)}*{Literal(_after)}");
        while (true)
        {
            try
            {
                var redis = await _redis.GetAsync().WaitAsync(stoppingToken);
                // Reconnects bring it back by themselves. Messages come one after the other.
                (await redis.GetSubscriber().SubscribeAsync(pattern)).OnMessage(Tell);
                redis.ConnectionRestored += (_, restored) => MissedSome(restored.ConnectionType);
                MissedSome(ConnectionType.Subscription);
                _report.Ready();
                return;
            }
            catch (Exception exception) when (exception is RedisException or TimeoutException)
            {
                _report.Down(exception);
            }

            await Task.Delay(RetryInterval, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stoppingToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>What was published while nobody listened is gone, and so nobody can say any more that a client has had everything.</summary>
    private void MissedSome(ConnectionType connection)
    {
        if (connection == ConnectionType.Subscription)
        {
            _hub.MayHaveMissed();
        }
    }

    private void Tell(ChannelMessage message)
    {
        var channel = (string)message.Channel!;
        var body = (ReadOnlyMemory<byte>)message.Message;
        var length = channel.Length - _before.Length - _after.Length;
        if (length is <= 0 or > PushOptions.MaxIdLength)
        {
            _report.Unusable("names no user", channel);
        }
        else if (body.Length > _maxSize)
        {
            _report.Unusable($"is longer than {PushOptions.SectionName}:{nameof(PushOptions.MaxEventSize)} allows", channel);
        }
        else if (!GivenEvent.IsMessage(body.Span))
        {
            _report.Unusable("is no protobuf message", channel);
        }
        else
        {
            _hub.TellHere(channel.Substring(_before.Length, length), body.Span);
            _report.Came("taken");
        }
    }

    /// <summary>Without what means something in a pattern of Redis.</summary>
    private static string Literal(string text) => string.Concat(text.Select(character => character is '*' or '?' or '[' or ']' or '\\' or '^' ? $"\\{character}" : $"{character}"));
}
