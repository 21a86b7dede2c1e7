using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Mime;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Gateway.Proxy.Settings;

namespace Gateway.Proxy.Discovery.Kubernetes;

/// <summary>
/// A connection to the API server for one Service, made anew for each attempt, so that nothing half-dead is used again and changed certificates are
/// taken over. Every question has a deadline.
/// </summary>
internal sealed class KubernetesConnection : IDisposable
{
    /// <summary>A slice of a thousand endpoints is some 400 KB.</summary>
    private const int MaxEventBytes = 8 << 20;

    private const int MaxAnswerBytes = 64 << 20;
    private const int MaxRefusalBytes = 64 << 10;

    private readonly KubernetesOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _client;
    private readonly string _slices;

    public KubernetesConnection(KubernetesAddress address, KubernetesOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _slices = $"{options.ApiServer.TrimEnd('/')}/apis/discovery.k8s.io/v1/namespaces/{address.Namespace}/endpointslices"
            + $"?labelSelector=kubernetes.io%2Fservice-name%3D{address.Service}";
        _client = new HttpClient(CreateHandler(options))
        {
            // Deadlines are kept by the questions: a watch has none.
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaxAnswerBytes,
        };
    }

    /// <summary>Reads all slices of the Service, as they are now.</summary>
    /// <exception cref="HttpRequestException">There is no connection, or the server refuses.</exception>
    /// <exception cref="JsonException">The answer is something else.</exception>
    /// <exception cref="TimeoutException">There is no answer.</exception>
    public Task<EndpointSliceList> ListAsync(CancellationToken cancellationToken) => Deadline.LimitAsync(
        async token =>
        {
            using var response = await SendAsync(_slices, HttpCompletionOption.ResponseContentRead, token);
            await using var body = await response.Content.ReadAsStreamAsync(token);
            var list = await JsonSerializer.DeserializeAsync(body, KubernetesJson.Default.EndpointSliceList, token);
            // Whatever else is JSON must not be taken for an empty list.
            return list is { Metadata.ResourceVersion.Length: > 0 } ? list : throw new JsonException("a list without a version");
        },
        _options.RequestTimeout,
        _time,
        cancellationToken);

    /// <summary>Asks for a watch; returns once the server has agreed to it.</summary>
    /// <param name="version">From where on: the version of a list.</param>
    /// <param name="duration">After how long the server should end it.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="HttpRequestException">There is no connection, or the server refuses.</exception>
    /// <exception cref="TimeoutException">There is no answer.</exception>
    public Task<HttpResponseMessage> OpenWatchAsync(string version, TimeSpan duration, CancellationToken cancellationToken)
    {
        var url = $"{_slices}&watch=1&allowWatchBookmarks=true&resourceVersion={Uri.EscapeDataString(version)}&timeoutSeconds={(int)Math.Ceiling(duration.TotalSeconds)}";
        return Deadline.LimitAsync(token => SendAsync(url, HttpCompletionOption.ResponseHeadersRead, token), _options.RequestTimeout, _time, cancellationToken);
    }

    /// <summary>The changes of a watch, until the server ends it.</summary>
    /// <exception cref="IOException">It broke off.</exception>
    /// <exception cref="InvalidDataException">An event is too long.</exception>
    /// <exception cref="JsonException">It delivers something else.</exception>
    public static async IAsyncEnumerable<WatchEvent> ReadAsync(HttpResponseMessage watch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = PipeReader.Create(await watch.Content.ReadAsStreamAsync(cancellationToken));
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            var rest = read.Buffer;
            while (rest.PositionOf((byte)'\n') is { } end)
            {
                var line = rest.Slice(0, end);
                rest = rest.Slice(rest.GetPosition(1, end));
                if (!line.IsEmpty)
                {
                    yield return Parse(line);
                }
            }

            reader.AdvanceTo(rest.Start, rest.End);
            if (rest.Length > MaxEventBytes)
            {
                throw new InvalidDataException($"an event of its watch is longer than {MaxEventBytes} bytes");
            }

            if (read.IsCompleted)
            {
                if (!rest.IsEmpty)
                {
                    throw new IOException("its watch broke off within an event");
                }

                yield break;
            }
        }
    }

    public void Dispose() => _client.Dispose();

    private static WatchEvent Parse(ReadOnlySequence<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        return JsonSerializer.Deserialize(ref reader, KubernetesJson.Default.WatchEvent) ?? throw new JsonException("an event of the watch is null");
    }

    private static SocketsHttpHandler CreateHandler(KubernetesOptions options) => new()
    {
        ConnectTimeout = options.ConnectTimeout,
        // A peer that is gone without a word is noticed within 15 s.
        KeepAlivePingDelay = TimeSpan.FromSeconds(10),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(5),
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        UseProxy = false,
        AllowAutoRedirect = false,
        // A trace of a watch would be as long as the watch, and nobody's.
        ActivityHeadersPropagator = null,
        SslOptions = options.Tls.Open(),
    };

    private async Task<HttpResponseMessage> SendAsync(string url, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(MediaTypeNames.Application.Json));
        // In the clear anybody could read it.
        if (request.RequestUri!.Scheme == Uri.UriSchemeHttps && File.Exists(_options.TokenFile))
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", SecretFile.Read(_options.TokenFile));
        }

        var response = await _client.SendAsync(request, completion, cancellationToken);
        if (response.StatusCode == HttpStatusCode.OK)
        {
            return response;
        }

        using (response)
        {
            throw new RefusedException($"it answers {(int)response.StatusCode}{await ReadRefusalAsync(response, cancellationToken)}", response.StatusCode, response.Headers.RetryAfter?.Delta);
        }
    }

    /// <summary>What the server says of a refusal, where it says it as the API does.</summary>
    private static async Task<string> ReadRefusalAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            await response.Content.LoadIntoBufferAsync(MaxRefusalBytes, cancellationToken);
            var status = JsonSerializer.Deserialize(await response.Content.ReadAsByteArrayAsync(cancellationToken), KubernetesJson.Default.ApiStatus);
            return status?.Message is { Length: > 0 } message ? $" ({message})" : "";
        }
        catch (Exception e) when (e is JsonException or HttpRequestException or IOException)
        {
            // Something before the API server has answered, which does not speak as it does.
            return "";
        }
    }
}

/// <summary>The API server has answered, and does not do what it was asked for.</summary>
internal sealed class RefusedException(string message, HttpStatusCode status, TimeSpan? retryAfter) : HttpRequestException(message, null, status)
{
    /// <summary>How long it wants to be left alone (<c>Retry-After</c>), as one that has too much to do says; null where it does not.</summary>
    public TimeSpan? RetryAfter => retryAfter;
}
