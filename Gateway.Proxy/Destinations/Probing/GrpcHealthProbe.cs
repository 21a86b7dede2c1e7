using System.Net.Http.Headers;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxy.Destinations.Probing;

/// <summary>A call of Health/Check about the server as a whole: an empty message in its frame.</summary>
internal sealed class GrpcHealthProbe : HttpRequestMessage
{
    private const string Path = "/grpc.health.v1.Health/Check";

    private static readonly byte[] EmptyMessage = [0, 0, 0, 0, 0];

    public GrpcHealthProbe(Uri server)
        : base(HttpMethod.Post, new Uri(server, Path))
    {
        Version = System.Net.HttpVersion.Version20;
        VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        Content = new ByteArrayContent(EmptyMessage) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } };
        Headers.TE.ParseAdd("trailers");
    }
}

/// <summary>Makes the probes of clusters that ask for gRPC's health check, and leaves those of others to YARP.</summary>
/// <param name="ordinary">YARP's own.</param>
internal sealed class ProbingRequests(IProbingRequestFactory ordinary) : IProbingRequestFactory
{
    public HttpRequestMessage CreateRequest(ClusterModel cluster, DestinationModel destination)
    {
        var address = destination.Config.Health is { Length: > 0 } health ? health : destination.Config.Address;
        return GrpcHealthPolicy.IsUsedBy(cluster.Config) ? new GrpcHealthProbe(new Uri(address)) : ordinary.CreateRequest(cluster, destination);
    }
}

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
