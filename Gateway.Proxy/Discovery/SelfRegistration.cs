using System.Security.Cryptography;
using Gateway.Proxy.Tls;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Discovery;

/// <summary>
/// Keeps this gateway's own entry in etcd, as an instance of the service that other gateways route sockets to. The entry hangs on a
/// lease, so that it goes with the gateway; at shutdown it is taken away first.
/// </summary>
internal sealed partial class SelfRegistration(
    IOptions<RegistrationOptions> options, IOptions<EtcdOptions> etcd, TimeProvider time, ILogger<SelfRegistration> logger)
    : IHostedLifecycleService, IDisposable
{
    private const int IdCharacters = 6;

    private readonly RegistrationOptions _options = options.Value;
    private readonly string _key =
        $"{etcd.Value.ServicePrefix}{options.Value.Service}/{Environment.MachineName}-{RandomNumberGenerator.GetHexString(IdCharacters, lowercase: true)}";

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
        for (var attempt = 0; !stopping.IsCancellationRequested; attempt = (attempt + 1) % endpoints.Length)
        {
            try
            {
                using var connection = new EtcdConnection(endpoints[attempt], etcd.Value, time);
                await HoldAsync(connection, registered: () =>
                {
                    told = false;
                    backoff.Reset();
                }, stopping);
            }
            catch (Exception exception) when (exception is RpcException or TimeoutException or OperationCanceledException || CertificateFiles.IsTrouble(exception))
            {
                if (!told && !stopping.IsCancellationRequested)
                {
                    told = true;
                    Log.Lost(logger, _key, endpoints[attempt], exception is RpcException rpc ? rpc.StatusCode.ToString() : exception.GetType().Name);
                }
            }

            await Task.Delay(backoff.Next(), time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Registers, and keeps the lease alive until it is lost or the gateway stops.</summary>
    private async Task HoldAsync(EtcdConnection connection, Action registered, CancellationToken stopping)
    {
        var lease = await connection.RegisterAsync(_key, _options.Address, _options.TimeToLive, stopping);
        Log.Registered(logger, _key, _options.Address);
        registered();
        do
        {
            await Task.Delay(_options.TimeToLive / 3, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        while (!stopping.IsCancellationRequested && await connection.KeepAliveAsync(lease, stopping));

        if (stopping.IsCancellationRequested)
        {
            await connection.RevokeAsync(lease, CancellationToken.None);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1130, LogLevel.Information, "Registered in etcd as '{Key}' with address {Address}", EventName = "SelfRegistered")]
        public static partial void Registered(ILogger logger, string key, string address);

        [LoggerMessage(1131, LogLevel.Warning, "The entry '{Key}' in etcd could not be kept through {Endpoint} ({Failure}); attempts go on quietly", EventName = "SelfRegistrationLost")]
        public static partial void Lost(ILogger logger, string key, string endpoint, string failure);
    }
}
