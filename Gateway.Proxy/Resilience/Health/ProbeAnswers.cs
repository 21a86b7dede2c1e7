namespace Gateway.Proxy.Resilience.Health;

/// <summary>Reads the answers of probes to their end: only there gRPC says how a call went, and YARP looks at the headers alone.</summary>
internal sealed class ProbeAnswers(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const int MaxAnswer = 16 << 10;

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = base.SendAsync(request, cancellationToken);
        return request is GrpcHealthProbe ? ReadAsync(response, cancellationToken) : response;
    }

    private static async Task<HttpResponseMessage> ReadAsync(Task<HttpResponseMessage> sending, CancellationToken cancellationToken)
    {
        var response = await sending;
        await response.Content.LoadIntoBufferAsync(MaxAnswer, cancellationToken);
        return response;
    }
}
