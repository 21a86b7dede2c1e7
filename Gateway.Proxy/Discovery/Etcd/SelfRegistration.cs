using System.Security.Cryptography;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Discovery.Etcd;

/// <summary>
/// Keeps this gateway's own entry in etcd, as an instance of the service that other gateways route sockets to. The entry hangs on a
/// lease, so that it goes with the gateway; at shutdown it is taken away first. Attempts go on for as long as the gateway runs.
/// </summary>
/// <remarks>
/// The gateway names its lease itself, and has one for its whole life. So it can give the lease back in the middle of any request,
/// whether or not it has heard an answer.
/// </remarks>
internal sealed partial class SelfRegistration(
    IOptions<RegistrationOptions> options, IOptions<EtcdOptions> etcd, TimeProvider time, ILogger<SelfRegistration> logger)
    : IHostedLifecycleService, IDisposable
{
    private const int IdCharacters = 6;

    private readonly RegistrationOptions _options = options.Value;
    private readonly string _key =
        $"{etcd.Value.ServicePrefix}{options.Value.Service}/{Environment.MachineName}-{RandomNumberGenerator.GetHexString(IdCharacters, lowercase: true)}";

    private readonly long _lease = Random.Shared.NextInt64(1, long.MaxValue);
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    /// <summary>Not before the server listens.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (_options.Service.Length > 0)
        {
            _running = RunAsync(etcd.Value.EndpointList(), _stopping.Token);
        }

        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _stopping.Dispose();

    private async Task RunAsync(string[] endpoints, CancellationToken stopping)
    {
        var backoff = new Backoff(etcd.Value.RetryDelayMin, etcd.Value.RetryDelayMax, Random.Shared);
        var told = false;
        var member = 0;
        for (var attempt = 0; !stopping.IsCancellationRequested; attempt = (attempt + 1) % endpoints.Length)
        {
            member = attempt;
            try
            {
                using var connection = new EtcdConnection(endpoints[attempt], etcd.Value, time);
                await HoldAsync(connection, registered: () =>
                {
                    told = false;
                    backoff.Reset();
                }, stopping);
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                // The gateway stops. The lease is given back below, whatever was under way.
            }
            catch (Exception exception)
            {
                if (!told)
                {
                    told = true;
                    Log.Lost(logger, _key, endpoints[attempt], Describe(exception));
                }
            }

            await Task.Delay(backoff.Next(), time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // The member that was spoken to last comes first.
        await LeaveAsync([.. endpoints[member..], .. endpoints[..member]]);
    }

    /// <summary>Registers, and keeps the lease alive until it is lost or the gateway stops.</summary>
    private async Task HoldAsync(EtcdConnection connection, Action registered, CancellationToken stopping)
    {
        await connection.RegisterAsync(_lease, _key, _options.Address, _options.TimeToLive, stopping);
        Log.Registered(logger, _key, _options.Address);
        registered();
        // At once, because a lease of an earlier attempt may have little time left.
        while (await connection.KeepAliveAsync(_lease, stopping))
        {
            await Task.Delay(_options.TimeToLive / 3, time, stopping);
        }
    }

    /// <summary>Ends the lease, and the entry with it, at the first member that answers; all of them together have the time of one request.</summary>
    private async Task LeaveAsync(string[] endpoints)
    {
        using var deadline = new CancellationTokenSource(etcd.Value.RequestTimeout, time);
        for (var member = 0; ; member++)
        {
            try
            {
                using var connection = new EtcdConnection(endpoints[member], etcd.Value, time);
                await connection.RevokeAsync(_lease, deadline.Token);
                return;
            }
            catch (RpcException exception) when (exception.StatusCode == StatusCode.NotFound)
            {
                return;
            }
            catch (Exception exception)
            {
                if (deadline.IsCancellationRequested || member == endpoints.Length - 1)
                {
                    Log.Remains(logger, _key, _options.TimeToLive, Describe(exception));
                    return;
                }
            }
        }
    }

    private static string Describe(Exception exception) => exception is RpcException rpc ? rpc.StatusCode.ToString() : exception.GetType().Name;

    private static partial class Log
    {
        [LoggerMessage(1130, LogLevel.Information, "Registered in etcd as '{Key}' with address {Address}", EventName = "SelfRegistered")]
        public static partial void Registered(ILogger logger, string key, string address);

        [LoggerMessage(1131, LogLevel.Warning, "The entry '{Key}' in etcd could not be kept through {Endpoint} ({Failure}); attempts go on quietly", EventName = "SelfRegistrationLost")]
        public static partial void Lost(ILogger logger, string key, string endpoint, string failure);

        [LoggerMessage(1132, LogLevel.Warning, "The entry '{Key}' in etcd could not be taken away ({Failure}); it stays for up to {TimeToLive}", EventName = "SelfRegistrationLeft")]
        public static partial void Remains(ILogger logger, string key, TimeSpan timeToLive, string failure);
    }
}
