using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Discovery.Etcd;

/// <summary>
/// Keeps <see cref="ServiceRegistry"/> in step with etcd for as long as the gateway runs: one session after the other,
/// member after member, with growing pauses. Nothing that etcd does ends it, and what was known stays known.
/// </summary>
internal sealed partial class EtcdWatcher(
    ServiceRegistry registry,
    IOptions<EtcdOptions> options,
    TimeProvider time,
    ILogger<EtcdWatcher> logger) : BackgroundService
{
    private readonly EtcdOptions _options = options.Value;
    private readonly MonotonicClock _clock = new(time);
    private bool? _inContact;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var endpoints = _options.EndpointList();
        if (endpoints.Length == 0)
        {
            return;
        }

        var mirror = new RegistryMirror(_options, _clock, logger);
        var backoff = new Backoff(_options.RetryDelayMin, _options.RetryDelayMax, Random.Shared);
        for (var attempt = 0; !stoppingToken.IsCancellationRequested; attempt = (attempt + 1) % endpoints.Length)
        {
            var began = _clock.Now;
            await FollowAsync(endpoints[attempt], mirror, stoppingToken);
            if (_clock.Now - began > _options.RetryDelayMax)
            {
                backoff.Reset();
            }

            await Task.Delay(backoff.Next(), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FollowAsync(string endpoint, RegistryMirror mirror, CancellationToken stoppingToken)
    {
        try
        {
            using var connection = new EtcdConnection(endpoint, _options, time);
            var session = new EtcdSession(connection, mirror, registry, _options, _clock, time);
            NoteLoss(endpoint, await session.RunAsync(() => NoteContact(endpoint), stoppingToken), null);
        }
        catch (Exception) when (stoppingToken.IsCancellationRequested)
        {
            // The gateway stops: calls that fail now are expected to.
        }
        catch (RpcException e)
        {
            NoteLoss(endpoint, $"{e.StatusCode}, {e.Status.Detail}", null);
        }
        catch (Exception e) when (e is TimeoutException or IOException)
        {
            NoteLoss(endpoint, e.Message, null);
        }
        catch (Exception e)
        {
            NoteLoss(endpoint, "an unexpected failure", e);
        }
    }

    private void NoteContact(string endpoint)
    {
        if (_inContact != true)
        {
            _inContact = true;
            Log.InContact(logger, endpoint, registry.Current.InstanceCount, registry.Current.Services.Count());
        }
    }

    private void NoteLoss(string endpoint, string reason, Exception? exception)
    {
        if (_inContact != false)
        {
            _inContact = false;
            Log.ContactLost(logger, exception, endpoint, reason, registry.Current.InstanceCount);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1100, LogLevel.Information, "In contact with etcd at {Endpoint}: {Instances} instances of {Services} services.", EventName = "EtcdInContact")]
        public static partial void InContact(ILogger logger, string endpoint, int instances, int services);

        [LoggerMessage(1101, LogLevel.Warning, "Contact with etcd at {Endpoint} is lost: {Reason}. The {Instances} instances known so far stay in use; attempts go on quietly.", EventName = "EtcdContactLost")]
        public static partial void ContactLost(ILogger logger, Exception? exception, string endpoint, string reason, int instances);
    }
}
