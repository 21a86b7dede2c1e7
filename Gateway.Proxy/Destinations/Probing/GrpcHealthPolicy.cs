using System.Runtime.CompilerServices;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Health.V1;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxy.Destinations.Probing;

/// <summary>
/// Judges instances by gRPC's health check (https://github.com/grpc/grpc/blob/master/doc/health-checking.md). An instance that does not offer it is healthy. One that says it does not serve is
/// unhealthy, and so is one that could not be asked twice in a row: a single probe may be lost.
/// </summary>
internal sealed class GrpcHealthPolicy(IDestinationHealthUpdater health) : IActiveHealthCheckPolicy
{
    /// <summary>What a cluster says as its <c>HealthCheck:Active:Policy</c>.</summary>
    public const string PolicyName = "GrpcHealth";

    private const int FrameHeader = 5;
    private const int MaxLost = 2;

    private readonly ConditionalWeakTable<DestinationState, StrongBox<int>> _lost = [];

    public string Name => PolicyName;

    public static bool IsUsedBy(ClusterConfig cluster) =>
        string.Equals(cluster.HealthCheck?.Active?.Policy, PolicyName, StringComparison.OrdinalIgnoreCase);

    public void ProbingCompleted(ClusterState cluster, IReadOnlyList<DestinationProbingResult> probingResults) =>
        health.SetActive(cluster, [.. probingResults.Select(result => new NewActiveDestinationHealth(result.Destination, Judge(result)))]);

    /// <summary>True or false as the server says; null when there is no answer to go by.</summary>
    internal static bool? IsServing(HttpResponseMessage? response)
    {
        if (response is not { IsSuccessStatusCode: true })
        {
            return null;
        }

        var status = Find(response.Headers) ?? Find(response.TrailingHeaders);
        if (status == StatusCode.Unimplemented)
        {
            return true;
        }

        using var body = response.Content.ReadAsStream();
        var answer = new byte[body.Length];
        body.ReadExactly(answer);
        return status == StatusCode.OK && answer.Length >= FrameHeader && TryParse(answer.AsSpan(FrameHeader)) is { } parsed
            ? parsed.Status == HealthCheckResponse.Types.ServingStatus.Serving
            : null;
    }

    private DestinationHealth Judge(DestinationProbingResult result)
    {
        var lost = _lost.GetOrCreateValue(result.Destination);
        var serving = IsServing(result.Response);
        lost.Value = serving is null ? lost.Value + 1 : 0;
        return serving switch
        {
            true => DestinationHealth.Healthy,
            false => DestinationHealth.Unhealthy,
            null => lost.Value >= MaxLost ? DestinationHealth.Unhealthy : result.Destination.Health.Active,
        };
    }

    private static StatusCode? Find(System.Net.Http.Headers.HttpResponseHeaders headers) =>
        headers.NonValidated.TryGetValues("grpc-status", out var values) && Enum.TryParse<StatusCode>(values.ToString(), out var code) ? code : null;

    private static HealthCheckResponse? TryParse(ReadOnlySpan<byte> message)
    {
        try
        {
            return HealthCheckResponse.Parser.ParseFrom(message);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }
}
