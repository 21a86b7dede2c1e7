using System.Net.Http.Headers;
using Google.Protobuf;

namespace Gateway.Chaos.Load;

/// <summary>Calls a gateway.</summary>
internal sealed class Caller(Uri gateway) : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = gateway, Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>The answer, and what the gateway said went wrong; null when nothing did.</summary>
    public async Task<(TAnswer Answer, string? Code)> CallAsync<TAnswer>(string path, byte[] body, MessageParser<TAnswer> parser)
        where TAnswer : IMessage<TAnswer>
    {
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-protobuf") } };
        using var response = await _client.PostAsync(new Uri(path, UriKind.Relative), content);
        var code = response.Headers.TryGetValues("x-gateway-error", out var codes) ? codes.First() : null;
        return (parser.ParseFrom(await response.Content.ReadAsByteArrayAsync()), code);
    }

    public void Dispose() => _client.Dispose();
}
