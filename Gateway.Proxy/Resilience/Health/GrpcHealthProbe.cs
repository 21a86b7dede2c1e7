using System.Net.Http.Headers;

namespace Gateway.Proxy.Resilience.Health;

/// <summary>A call of Health/Check about the server as a whole: an empty message in its frame.</summary>
internal sealed class GrpcHealthProbe : HttpRequestMessage
{
    private static readonly byte[] EmptyMessage = [0, 0, 0, 0, 0];

    public GrpcHealthProbe(Uri server)
        : base(HttpMethod.Post, new Uri(server, GrpcHealth.Path))
    {
        Version = System.Net.HttpVersion.Version20;
        VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        Content = new ByteArrayContent(EmptyMessage) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } };
        Headers.TE.ParseAdd("trailers");
    }
}
