using Gateway.Notify.Protocol;
using Microsoft.Extensions.Options;

namespace Gateway.Notify;

internal sealed class NotifyOptionsValidator : IValidateOptions<NotifyOptions>
{
    public ValidateOptionsResult Validate(string? name, NotifyOptions options)
    {
        List<string> errors = [];
        Time(nameof(options.AuthenticationTimeout), options.AuthenticationTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));
        Time(nameof(options.WriteTimeout), options.WriteTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5));
        Time(nameof(options.PingInterval), options.PingInterval, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
        Time(nameof(options.PingTimeout), options.PingTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
        Time(nameof(options.SessionCheckInterval), options.SessionCheckInterval, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        Time(nameof(options.CloseTimeout), options.CloseTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));
        Time(nameof(options.DrainPause), options.DrainPause, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Time(nameof(options.ReauthenticationTimeout), options.ReauthenticationTimeout, TimeSpan.Zero, TimeSpan.FromMinutes(5));
        Time(nameof(options.HeartbeatInterval), options.HeartbeatInterval, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));
        Time(nameof(options.ReplayAge), options.ReplayAge, TimeSpan.FromMinutes(1), TimeSpan.FromDays(1));
        Time(nameof(options.NodeTimeout), options.NodeTimeout, TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(5));
        Time(nameof(options.RedisTimeout), options.RedisTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(10));
        Time(nameof(options.LastDisconnectGrace), options.LastDisconnectGrace, TimeSpan.Zero, TimeSpan.FromMinutes(10));
        Time(nameof(options.CloseGrace), options.CloseGrace, TimeSpan.Zero, TimeSpan.FromMinutes(10));
        Time(nameof(options.DrainReconnectDelay), options.DrainReconnectDelay, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Time(nameof(options.DrainReconnectJitter), options.DrainReconnectJitter, TimeSpan.Zero, TimeSpan.FromMinutes(5));
        Time(nameof(options.RebalanceMinimumAge), options.RebalanceMinimumAge, TimeSpan.Zero, TimeSpan.FromDays(1));
        if (FirstMessage.ParsePath(options.SessionIdField) is null)
        {
            errors.Add($"{NotifyOptions.SectionName}:{nameof(options.SessionIdField)} is '{options.SessionIdField}'; write the number of a field, as '2', or the way to it, as '1.3'.");
        }

        Number(nameof(options.ReplayEvents), options.ReplayEvents, 1, 10_000);
        Number(nameof(options.ReplayBytes), options.ReplayBytes, 64 << 10, 64 << 20);
        Number(nameof(options.ReplayMemory), options.ReplayMemory, 1 << 20, 64L << 30);
        Number(nameof(options.Buckets), options.Buckets, 1, 1_024);
        Number(nameof(options.MaxInboundMessage), options.MaxInboundMessage, 1 << 10, 1 << 20);
        Number(nameof(options.MaxInboundRate), options.MaxInboundRate, 1, 1_000);
        Number(nameof(options.MaxConnections), options.MaxConnections, 1, 1_000_000);
        Number(nameof(options.MaxConnectionsPerAddress), options.MaxConnectionsPerAddress, 1, 1_000_000);
        Number(nameof(options.MaxConnectionsPerUser), options.MaxConnectionsPerUser, 1, 10_000);
        Number(nameof(options.MaxDevices), options.MaxDevices, 1, 1_000);
        Number(nameof(options.MaxQueuedEvents), options.MaxQueuedEvents, 1, 100_000);
        Number(nameof(options.MaxQueuedBytes), options.MaxQueuedBytes, 64 << 10, 1 << 30);
        Number(nameof(options.DrainBatch), options.DrainBatch, 1, 100_000);
        Number(nameof(options.RebalanceRate), options.RebalanceRate, 0, 1_000);
        Number(nameof(options.RebalanceTolerance), options.RebalanceTolerance, 2, 100);
        Number(nameof(options.RebalanceMinimum), options.RebalanceMinimum, 1, 1_000_000);
        if (options.ReplayAge < options.HeartbeatInterval)
        {
            errors.Add(
                $"{NotifyOptions.SectionName}:ReplayAge is '{options.ReplayAge}', less than HeartbeatInterval, '{options.HeartbeatInterval}'; keep events for longer, or a client that learns at a heartbeat what it has missed could not have it.");
        }

        if (string.IsNullOrEmpty(options.KeyPrefix))
        {
            errors.Add($"{NotifyOptions.SectionName}:KeyPrefix is empty, so the hub's keys could meet others; use one such as 'gateway:notify:'.");
        }

        errors.AddRange(AllowedOrigins.FindErrors($"{NotifyOptions.SectionName}:AllowedOrigins", options.AllowedOrigins));
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Time(string setting, TimeSpan value, TimeSpan min, TimeSpan max)
        {
            if (value < min || value > max)
            {
                errors.Add($"{NotifyOptions.SectionName}:{setting} is '{value}'; use '{min}' to '{max}'.");
            }
        }

        void Number(string setting, long value, long min, long max)
        {
            if (value < min || value > max)
            {
                errors.Add($"{NotifyOptions.SectionName}:{setting} is {value}; use {min} to {max}.");
            }
        }
    }
}
