using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Discovery.Kubernetes;

/// <summary>
/// The endpoints of Services, from the API server of Kubernetes: for each Service a list of its EndpointSlices, then a watch from there on, then a list
/// again. However a watch ends, a list follows, so nothing can be missed. Connections that break in the middle of a watch are everyday: whether the server
/// is away, the list tells.
/// </summary>
internal sealed class KubernetesSource(IOptions<KubernetesOptions> options, TimeProvider time, ILogger<KubernetesSource> logger)
    : FollowedServices("Kubernetes", options.Value.Times, time, logger)
{
    /// <summary>It may ask for longer; a mistake of its should not cost hours.</summary>
    private static readonly TimeSpan MaxPause = TimeSpan.FromMinutes(1);

    private readonly KubernetesOptions _options = options.Value;
    private readonly TimeProvider _time = time;

    public override MissingSetting? Missing => _options.ApiServer.Length > 0
        ? null
        : new($"{KubernetesOptions.SectionName}:ApiServer is empty outside of a pod", "set it to 'https://host:6443'");

    public override bool Owns(string? address) => KubernetesAddress.IsKubernetes(address);

    public override bool TryParse(string address, [NotNullWhen(true)] out string? service, [NotNullWhen(false)] out string? problem)
    {
        service = KubernetesAddress.TryParse(address, _options.OwnNamespace, out var parsed, out problem) ? parsed.ToString() : null;
        return service is not null;
    }

    protected override async Task<TimeSpan> FollowOnceAsync(FollowedService service, CancellationToken cancellationToken)
    {
        if (!KubernetesAddress.TryParse($"k8s://{service.Name}", "", out var address, out var problem))
        {
            throw new InvalidOperationException(problem);
        }

        using var connection = new KubernetesConnection(address, _options, _time);
        var table = new SliceTable(address);

        // 1 Everything, for immediate use
        var all = await connection.ListAsync(cancellationToken);
        table.Replace(all.Items ?? []);
        Take(service, table);

        // 2 Changes, until it is time to read everything again
        var duration = _options.ResyncInterval * (0.9 + Random.Shared.NextDouble() / 5);
        var end = Clock.Now + duration;
        using var pausing = new CancellationTokenSource(duration, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(pausing.Token, cancellationToken);
        SetEnd();
        var isWatching = false;
        try
        {
            using var watch = await connection.OpenWatchAsync(all.Metadata!.ResourceVersion!, duration, either.Token);
            isWatching = true;
            service.NoteContact();
            await foreach (var change in KubernetesConnection.ReadAsync(watch, either.Token))
            {
                if (!TakeOver(change, service, table))
                {
                    break;
                }

                SetEnd();
            }
        }
        catch (Exception) when (pausing.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // It is time.
        }
        catch (HttpRequestException e) when (e.StatusCode == HttpStatusCode.Gone)
        {
            // The list is older than what the server remembers. A new one is not.
        }
        catch (IOException) when (isWatching && !cancellationToken.IsCancellationRequested)
        {
            // The connection has broken.
        }

        return TimeSpan.Zero;

        // Before held instances are let go, the server gets a last chance to tell of them.
        void SetEnd()
        {
            var due = (service.NextHoldDeadline is { } hold && hold < end ? hold : end) - Clock.Now;
            pausing.CancelAfter(due > TimeSpan.Zero ? due : TimeSpan.Zero);
        }
    }

    protected override string? Describe(Exception exception) => Reason(exception) is { } reason ? reason + WithoutToken() : null;

    private string? Reason(Exception exception) => exception switch
    {
        // That of the handler, which comes as a cancellation.
        OperationCanceledException { InnerException: TimeoutException } => $"no connection to {_options.ApiServer} within {_options.ConnectTimeout.TotalSeconds} s",
        HttpRequestException { StatusCode: null } => exception.GetBaseException().Message.TrimEnd('.'),
        HttpRequestException or TimeoutException => exception.Message,
        JsonException => "it sends what is no answer of the API",
        IOException or InvalidDataException or UnauthorizedAccessException or CryptographicException or AuthenticationException => exception.Message.TrimEnd('.'),
        _ => null,
    };

    protected override TimeSpan PauseAfter(Exception exception) =>
        exception is RefusedException { RetryAfter: { } asked } ? asked < MaxPause ? asked : MaxPause : TimeSpan.Zero;

    /// <summary>In a pod without its account's token everything else is missing too, and the failure speaks of the certificate or the network.</summary>
    private string WithoutToken() => _options.ApiServer.StartsWith("https:", StringComparison.OrdinalIgnoreCase) && _options.TokenFile.Length > 0 && !File.Exists(_options.TokenFile)
        ? $"; and there is no token to show: '{_options.TokenFile}' does not exist"
        : "";

    private static void Take(FollowedService service, SliceTable table) => service.Take(table.Instances(out var problem), problem);

    /// <returns>False when no more changes will follow, although the stream may stay open.</returns>
    private static bool TakeOver(WatchEvent change, FollowedService service, SliceTable table)
    {
        if (change.Object.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("an event of the watch has no object");
        }

        switch (change.Type)
        {
            case "ADDED" or "MODIFIED" or "DELETED":
                var slice = change.Object.Deserialize(KubernetesJson.Default.EndpointSlice)!;
                if (table.Apply(slice, isDeleted: change.Type == "DELETED"))
                {
                    Take(service, table);
                }

                return true;
            case "BOOKMARK":
                service.NoteContact();
                return true;
            case "ERROR":
                var status = change.Object.Deserialize(KubernetesJson.Default.ApiStatus);
                return status!.Code == (int)HttpStatusCode.Gone ? false : throw new InvalidDataException($"its watch ends with {status.Code} ({status.Message})");
            default:
                throw new JsonException($"an event of the watch is a '{change.Type}'");
        }
    }
}
