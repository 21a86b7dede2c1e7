using System.Globalization;
using Gateway.Transforms.Identity;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gateway.Proxy.Tokens;

/// <summary>
/// Finds out whose a token is. It has to be signed by a key that is known, by the one algorithm of that key; to be meant for this gateway, and for now;
/// to have a user; and not to have been made invalid.
/// </summary>
internal sealed partial class TokenCheck
{
    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };
    private readonly TokenKeys _keys;
    private readonly DeniedTokens _denied;
    private readonly JwtOptions _options;
    private readonly TokenMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public TokenCheck(TokenKeys keys, DeniedTokens denied, IOptions<JwtOptions> options, TokenMetrics metrics, TimeProvider time, ILogger<TokenCheck> logger)
    {
        _keys = keys;
        _denied = denied;
        _options = options.Value;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _handler.MaximumTokenSizeInBytes = _options.MaxLength;
    }

    /// <summary>Starts connecting to what has to be asked.</summary>
    public void Connect()
    {
        if (_denied.IsUsed)
        {
            _denied.Connect();
        }
    }

    public async ValueTask<SessionLookup> CheckAsync(string text, CancellationToken cancellationToken)
    {
        try
        {
            return await CheckAsync(_handler.ReadJsonWebToken(text), cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Strangers write tokens, and whatever the library trips over is theirs.
            return Refused(exception.GetType().Name);
        }
    }

    private async ValueTask<SessionLookup> CheckAsync(JsonWebToken token, CancellationToken cancellationToken)
    {
        // "crit" says that whoever does not understand it must refuse: RFC 7515, section 4.1.11.
        if (token.TryGetHeaderValue<object>("crit", out _))
        {
            return Refused("it has critical headers");
        }

        var id = string.IsNullOrEmpty(token.Kid) ? null : token.Kid;
        var keys = token.Alg is SecurityAlgorithms.HmacSha256 || TokenKey.IsOfSet(token.Alg) ? await _keys.FindAsync(token.Alg, id, cancellationToken) : [];
        if (keys is null)
        {
            _metrics.Checked("unknown");
            return SessionLookup.StoreDown;
        }

        if (keys.Count == 0)
        {
            return Refused("no key is known for it");
        }

        var result = await _handler.ValidateTokenAsync(token, Rules(token.Alg, keys));
        return result.IsValid ? await AdmitAsync(token, cancellationToken) : Refused(result.Exception?.GetType().Name ?? "it is not valid");
    }

    private async ValueTask<SessionLookup> AdmitAsync(JsonWebToken token, CancellationToken cancellationToken)
    {
        if (UserOf(token) is not { Length: > 0 } user)
        {
            return Refused("it has no user");
        }

        if (_denied.IsUsed)
        {
            if (string.IsNullOrEmpty(token.Id))
            {
                return Refused("it has no id, by which it could be made invalid");
            }

            switch (await _denied.ContainAsync(token.Id, cancellationToken))
            {
                case null:
                    _metrics.Checked("unknown");
                    return SessionLookup.StoreDown;
                case true:
                    _metrics.Checked("denied");
                    return SessionLookup.NotFound;
                default:
                    break;
            }
        }

        _metrics.Checked("valid");
        return SessionLookup.Of(user, EndOf(token.ValidTo));
    }

    private SessionLookup Refused(string reason)
    {
        _metrics.Checked("refused");
        Log.Refused(_logger, reason);
        return SessionLookup.NotFound;
    }

    private TokenValidationParameters Rules(string algorithm, IReadOnlyList<TokenKey> keys) => new()
    {
        ValidAlgorithms = [algorithm],
        IssuerSigningKeys = keys.Select(key => key.Key),
        // Of several without a name each is tried.
        TryAllIssuerSigningKeys = true,
        RequireSignedTokens = true,
        RequireExpirationTime = true,
        LifetimeValidator = (notBefore, expires, _, _) => IsNow(notBefore, expires),
        ValidateIssuer = _options.Issuer.Length > 0,
        IssuerValidator = (issuer, _, _) => issuer == _options.Issuer ? issuer : throw new SecurityTokenInvalidIssuerException("another issuer"),
        // A token that names an audience is for that audience alone: RFC 7519, section 4.1.3.
        AudienceValidator = (audiences, _, _) => _options.Audience.Length > 0 ? audiences.Contains(_options.Audience, StringComparer.Ordinal) : !audiences.Any(),
    };

    private bool IsNow(DateTime? notBefore, DateTime? expires)
    {
        var now = _time.GetUtcNow();
        return expires is { } end && now < EndOf(end) && (notBefore is not { } start || now + _options.ClockSkew >= AsTime(start));
    }

    /// <summary>When a token is over, as far as clocks can tell.</summary>
    private DateTimeOffset EndOf(DateTime expires) =>
        AsTime(expires) is var end && end < DateTimeOffset.MaxValue - _options.ClockSkew ? end + _options.ClockSkew : DateTimeOffset.MaxValue;

    private static DateTimeOffset AsTime(DateTime utc) => new(utc.Ticks, TimeSpan.Zero);

    private string? UserOf(JsonWebToken token) => token.TryGetPayloadValue<object>(_options.UserIdClaim, out var user)
        ? user switch
        {
            string text => text,
            int or long => Convert.ToString(user, CultureInfo.InvariantCulture),
            _ => null,
        }
        : null;

    private static partial class Log
    {
        [LoggerMessage(1220, LogLevel.Debug, "A token was refused: {Reason}.", EventName = "TokenRefused")]
        public static partial void Refused(ILogger logger, string reason);
    }
}
