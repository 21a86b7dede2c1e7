using System.Text;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Gateway.Transforms.Reporting;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Gateway.Tests.Functional;

/// <summary>What operators can measure, trace and read of a call. Traces are those of all gateways of the process.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class TelemetryTests : GatewayTest
{
    private const string ClientTrace = "0af7651916cd43dd8448eb211c80319c";

    /// <summary>It writes no trace of its own.</summary>
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, ActivityHeadersPropagator = null });

    [OneTimeTearDown]
    public void Dispose() => _client.Dispose();

    [Test]
    public async Task Metrics_TellOfRoutesAndDestinations()
    {
        Service.Answer(new GetUserInfoRsp { RequestId = "r1", Success = true });
        (await PostAsync(GetUserInfoPath, Alice)).Dispose();
        (await PostAsync(GetUserInfoPath, new GetUserInfoReq { SessionId = "nobody" })).Dispose();

        var scraped = await _client.GetStringAsync(new Uri(Gateway.Management, "/metrics")).DefaultTimeout();
        var lines = scraped.Split('\n');

        void AssertHas(string name, params string[] tags) => Assert.That(lines, Has.Some.Matches<string>(
            line => line!.StartsWith(name, StringComparison.Ordinal) && tags.All(tag => line.Contains(tag, StringComparison.Ordinal)) && !line.EndsWith(" 0", StringComparison.Ordinal)), scraped);
        AssertHas("gateway_rpc_duration_seconds_count", "route=\"user-get-user-info\"", "cluster=\"user\"", "outcome=\"ok\"");
        AssertHas("gateway_rpc_duration_seconds_count", "route=\"user-get-user-info\"", "outcome=\"session-invalid\"");
        AssertHas("gateway_destination_duration_seconds_count", $"destination=\"{Service.Address}\"", "cluster=\"user\"", "outcome=\"ok\"");
        AssertHas("gateway_destinations", "cluster=\"user\"", "state=\"available\"");
        AssertHas("gateway_ready");
        AssertHas("http_server_active_requests");
        AssertHas("dotnet_");
    }

    [Test]
    public async Task Metrics_AreOnNoOtherPort()
    {
        using var response = await _client.GetAsync(new Uri(Gateway.Address, "/metrics"));

        Assert.That((int)response.StatusCode, Is.EqualTo(404));
    }

    [Test]
    public async Task Trace_OfAClient_IsNotContinued()
    {
        await using var collector = await StubSubService.StartAsync();
        await using var gateway = await StartGatewayAsync(new() { ["Gateway:Telemetry:OtlpEndpoint"] = collector.Address });

        await PostTracedAsync(gateway);

        Assert.That(Service.LastCall.Headers["traceparent"], Does.Not.Contain(ClientTrace));
        Assert.That(Service.LastCall.Headers, Does.Not.ContainKey("baggage").And.Not.ContainKey("tracestate"));
    }

    [Test]
    public async Task Trace_WithoutACollector_IsNotMade()
    {
        await PostTracedAsync(Gateway);

        Assert.That(Service.LastCall.Headers.Keys, Has.None.AnyOf("traceparent", "tracestate", "baggage"));
    }

    [Test]
    public async Task Trace_OfATrustedFront_IsContinuedWithoutBaggage()
    {
        await using var gateway = await StartGatewayAsync(new() { ["Gateway:Telemetry:TrustTraceParent"] = "true" });

        await PostTracedAsync(gateway);

        Assert.That(Service.LastCall.Headers["traceparent"], Does.Contain(ClientTrace));
        Assert.That(Service.LastCall.Headers, Does.Not.ContainKey("baggage"));
    }

    [Test]
    public async Task Collector_IsSentTheTraceFromTheClientToTheSubService()
    {
        await using var collector = await StubSubService.StartAsync();
        await using var gateway = await StartGatewayAsync(new()
        {
            ["Gateway:Telemetry:OtlpEndpoint"] = collector.Address,
            ["Gateway:Telemetry:TraceRatio"] = "1",
        });
        Service.Answer(new GetUserInfoRsp { RequestId = "r1", Success = true });
        await PostTracedAsync(gateway);
        await _client.GetStringAsync(new Uri(gateway.Management, "/livez"));

        // The span ends after the client has its answer.
        await Eventually.That(() =>
        {
            gateway.Services.GetRequiredService<TracerProvider>().ForceFlush();
            return Sent(collector, "trace.v1").Contains("gateway.outcome", StringComparison.Ordinal);
        });
        gateway.Services.GetRequiredService<MeterProvider>().ForceFlush();

        var spans = Sent(collector, "trace.v1");
        foreach (var text in new[] { "rpc.method", "bite_im.UserService/GetUserInfo", "user-get-user-info", "gateway.cluster", "gateway.destination", Service.Address })
        {
            Assert.That(spans, Does.Contain(text));
        }

        Assert.That(spans, Does.Not.Contain("s-alice").And.Not.Contain("livez"));
        // The parent that the sub-service was told of is among the spans: no gap between client and sub-service.
        var parent = Convert.FromHexString(Service.LastCall.Headers["traceparent"].Split('-')[2]);
        Assert.That(collector.Calls.Any(call => call.Body.AsSpan().IndexOf(parent) >= 0), Is.True);
        Assert.That(Sent(collector, "metrics.v1"), Does.Contain("gateway.rpc.duration"));
    }

    [Test]
    public async Task AccessLog_On_IsOneLineForEachCall()
    {
        await using var gateway = await StartGatewayAsync(new() { ["Gateway:Telemetry:TrustTraceParent"] = "true" });
        Service.Answer(new GetUserInfoRsp { RequestId = "r1", Success = true });
        (await gateway.PostAsync(GetUserInfoPath, Alice.ToByteArray())).Dispose();
        (await gateway.PostAsync(GetUserInfoPath, [0xFF])).Dispose();

        await Eventually.That(() => gateway.Log.Named("CallEnded").Count == 2);
        var lines = gateway.Log.Named("CallEnded").Select(entry => entry.Message).ToArray();
        Assert.That(lines, Has.One.Match(
            $"^user-get-user-info ok 200 in [0-9.]+ ms, sub-service [0-9.]+ ms, request r1, user alice, at {Service.Address}/?, from 127.0.0.1, trace [0-9a-f]{{32}}$"));
        Assert.That(lines, Has.One.StartsWith("user-get-user-info bad-request 200 in ").And.One.Contains("sub-service  ms, request , user , at , from"));
    }

    [Test]
    public async Task AccessLog_Off_AsByDefault_IsSilent()
    {
        await using var gateway = await StartGatewayAsync(new() { ["Gateway:AccessLog:Enabled"] = "false" });

        (await gateway.PostAsync(GetUserInfoPath, Alice.ToByteArray())).Dispose();

        Assert.That(gateway.Log.Named("CallEnded"), Is.Empty);
        Assert.That(new AccessLogOptions().Enabled, Is.False);
    }

    private static string Sent(StubSubService collector, string signal) => string.Concat(collector.Calls
        .Where(call => call.Path.Contains(signal, StringComparison.Ordinal))
        .Select(call => Encoding.Latin1.GetString(call.Body)));

    private async Task PostTracedAsync(GatewayFixture gateway)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(gateway.Address, GetUserInfoPath)) { Content = new ByteArrayContent(Alice.ToByteArray()) };
        request.Headers.Add("traceparent", $"00-{ClientTrace}-b7ad6b7169203331-01");
        request.Headers.Add("tracestate", "theirs=1");
        request.Headers.Add("baggage", "user=admin");
        (await _client.SendAsync(request)).Dispose();
    }
}
