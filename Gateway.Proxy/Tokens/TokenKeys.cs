using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Tokens;

/// <summary>
/// The keys that tokens are signed with, read now and then and when a token names one that is not known. Those that were read last stay in use while they
/// cannot be read.
/// </summary>
internal sealed partial class TokenKeys : BackgroundService
{
    /// <summary>Anybody can make up the name of a key.</summary>
    internal static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    /// <summary>The same while nothing has been read at all, and everybody is refused.</summary>
    internal static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    private const int MaxSet = 256 << 10;

    private readonly JwtOptions _options;
    private readonly Source[] _sources;
    private readonly HttpClient? _http;
    private readonly TokenMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private Task _reading = Task.CompletedTask;
    private long? _readAt;

    public TokenKeys(IOptions<JwtOptions> options, TokenMetrics metrics, TimeProvider time, ILogger<TokenKeys> logger)
    {
        _options = options.Value;
        (_metrics, _time, _logger) = (metrics, time, logger);
        // What leads elsewhere is not followed: the operator has named one place.
        _http = _options.JwksUrl.Length == 0 ? null : new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            MaxResponseContentBufferSize = MaxSet,
            Timeout = _options.FetchTimeout,
        };
        _sources = [.. Sources()];
    }

    private bool IsEveryKnown => _sources.All(source => source.Keys.Count > 0);

    /// <summary>
    /// The keys that may have signed a token, after a look for new ones where there is none.
    /// </summary>
    /// <returns>Null while it cannot be said, for no keys have been read yet.</returns>
    public async ValueTask<IReadOnlyList<TokenKey>?> FindAsync(string algorithm, string? id, CancellationToken cancellationToken)
    {
        var found = Matching(algorithm, id);
        if (found.Count > 0)
        {
            return found;
        }

        if ((TokenKey.IsOfSet(algorithm) && _options.HasJwks) || !IsEveryKnown)
        {
            await ReadAgainAsync().WaitAsync(cancellationToken);
            found = Matching(algorithm, id);
        }

        return found.Count > 0 || IsEveryKnown ? found : null;
    }

    public override void Dispose()
    {
        _http?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_options.RefreshInterval, _time);
        do
        {
            await ReadAgainAsync(isDue: true).WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private IReadOnlyList<TokenKey> Matching(string algorithm, string? id) =>
        [.. _sources.SelectMany(source => source.Keys).Where(key => key.Algorithm == algorithm && (id is null || key.Id is null || key.Id == id))];

    private IEnumerable<Source> Sources()
    {
        if (_options.SecretFile.Length > 0)
        {
            yield return new(_options.SecretFile, () => File.ReadAllTextAsync(_options.SecretFile), TokenKey.ReadSecrets);
        }

        if (_options.JwksFile.Length > 0)
        {
            yield return new(_options.JwksFile, () => File.ReadAllTextAsync(_options.JwksFile), TokenKey.ReadSet);
        }

        if (_http is not null)
        {
            yield return new(_options.JwksUrl, () => _http.GetStringAsync(_options.JwksUrl), TokenKey.ReadSet);
        }
    }

    /// <summary>Reads all, unless that is under way, or was done a moment ago.</summary>
    private Task ReadAgainAsync(bool isDue = false)
    {
        lock (_lock)
        {
            if (_reading.IsCompleted && (isDue || _readAt is not { } at || _time.GetElapsedTime(at) >= (IsEveryKnown ? Pause : FirstPause)))
            {
                _readAt = _time.GetTimestamp();
                // Not on the caller's thread: files are read before the first wait.
                _reading = Task.Run(() => Task.WhenAll(_sources.Select(ReadAsync)));
            }

            return _reading;
        }
    }

    private async Task ReadAsync(Source source)
    {
        try
        {
            source.Keys = source.Read(await source.Load());
            source.IsFaultTold = false;
            _metrics.KeysRead(isGood: true);
        }
        catch (Exception exception)
        {
            // Whatever it is, it is told once, and those that were read before stay.
            _metrics.KeysRead(isGood: false);
            if (!source.IsFaultTold)
            {
                source.IsFaultTold = true;
                Log.KeysUnreadable(_logger, source.Place, exception.Message, source.Keys.Count);
            }
        }
    }

    /// <param name="Place">Where the keys are.</param>
    /// <param name="Load">Gets them as text.</param>
    /// <param name="Read">Reads the text.</param>
    private sealed record Source(string Place, Func<Task<string>> Load, Func<string, IReadOnlyList<TokenKey>> Read)
    {
        private volatile IReadOnlyList<TokenKey> _keys = [];

        /// <summary>What was read last.</summary>
        public IReadOnlyList<TokenKey> Keys
        {
            get => _keys;
            set => _keys = value;
        }

        /// <summary>Whether the log says that they cannot be read.</summary>
        public bool IsFaultTold { get; set; }
    }

    private static partial class Log
    {
        [LoggerMessage(1221, LogLevel.Warning, "The keys of tokens cannot be read from '{Place}' ({Failure}); the {Count} that were read before stay in use.", EventName = "TokenKeysUnreadable")]
        public static partial void KeysUnreadable(ILogger logger, string place, string failure, int count);
    }
}
