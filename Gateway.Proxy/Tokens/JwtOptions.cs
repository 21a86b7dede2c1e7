using Gateway.Proxy.Settings;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Tokens;

/// <summary>Tokens (JWT, RFC 7519) in place of session ids, or beside them: section <c>Gateway:Jwt</c>. Off while no keys are named.</summary>
public sealed class JwtOptions
{
    public const string SectionName = "Gateway:Jwt";

    /// <summary>What <see cref="DenyKeyPattern"/> holds in place of a token's id.</summary>
    internal const string Placeholder = "{jti}";

    /// <summary>A file with the secret that tokens are signed with by HS256, as text; several, one a line, while they change. At least 32 bytes each.</summary>
    public string SecretFile { get; set; } = "";

    /// <summary>A file with the public keys (JWKS, RFC 7517) of an issuer who signs by RS256 or ES256.</summary>
    public string JwksFile { get; set; } = "";

    /// <summary>The address where the issuer has them, in place of a file.</summary>
    public string JwksUrl { get; set; } = "";

    /// <summary>The <c>iss</c> that a token has to have. Default empty: whoever has the key.</summary>
    public string Issuer { get; set; } = "";

    /// <summary>The <c>aud</c> that a token has to have. Default empty: a token must have none, for one that has is meant for others.</summary>
    public string Audience { get; set; } = "";

    /// <summary>The claim that is the user id, a text or a whole number. Default <c>sub</c>.</summary>
    public string UserIdClaim { get; set; } = "sub";

    /// <summary>How far the issuer's clock may differ from this one. Default 30 seconds; 0 to 5 minutes.</summary>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The Redis key that makes a token invalid before its time, with <c>{jti}</c> exactly once, as <c>jwt:denied:{jti}</c>: whoever ends a login writes it, with any
    /// value. Tokens must have a <c>jti</c> then. Default empty: none is asked for.
    /// </summary>
    public string DenyKeyPattern { get; set; } = "";

    /// <summary>The longest token, in characters. Default 4096; 256 to 16384.</summary>
    public int MaxLength { get; set; } = 4096;

    /// <summary>Whether session ids are taken as well. Default true.</summary>
    public bool AcceptSessions { get; set; } = true;

    /// <summary>How often the keys are read again. One that is not known is looked for at once, twice a minute at most. Default 10 minutes; 1 minute to 1 day.</summary>
    public TimeSpan RefreshInterval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long <see cref="JwksUrl"/> may take to answer. Default 2 seconds; 100 milliseconds to 30 seconds.</summary>
    public TimeSpan FetchTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Whether tokens are taken at all.</summary>
    internal bool IsSet => SecretFile.Length > 0 || HasJwks;

    internal bool HasJwks => JwksFile.Length > 0 || JwksUrl.Length > 0;
}

internal sealed class JwtOptionsValidator : IValidateOptions<JwtOptions>
{
    public ValidateOptionsResult Validate(string? name, JwtOptions options)
    {
        var errors = new SettingErrors(JwtOptions.SectionName);
        CheckKeys(options, errors);
        if (options.UserIdClaim.Length == 0)
        {
            errors.Add($"{JwtOptions.SectionName}:UserIdClaim is empty; name the claim that is the user id, as 'sub'.");
        }

        if (options.DenyKeyPattern.Length > 0 && options.DenyKeyPattern.Split(JwtOptions.Placeholder).Length != 2)
        {
            errors.Add($"{JwtOptions.SectionName}:DenyKeyPattern is '{options.DenyKeyPattern}'; write {JwtOptions.Placeholder} in it exactly once, as in 'jwt:denied:{JwtOptions.Placeholder}', or leave it empty.");
        }

        errors.CheckTime(nameof(options.ClockSkew), options.ClockSkew, TimeSpan.Zero, TimeSpan.FromMinutes(5));
        errors.CheckNumber(nameof(options.MaxLength), options.MaxLength, 256, 16384);
        errors.CheckTime(nameof(options.RefreshInterval), options.RefreshInterval, TimeSpan.FromMinutes(1), TimeSpan.FromDays(1));
        errors.CheckTime(nameof(options.FetchTimeout), options.FetchTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(30));
        return errors.Result;
    }

    private static void CheckKeys(JwtOptions options, SettingErrors errors)
    {
        if (!options.IsSet)
        {
            foreach (var (setting, value) in (IEnumerable<(string, string)>)[(nameof(options.Issuer), options.Issuer), (nameof(options.Audience), options.Audience), (nameof(options.DenyKeyPattern), options.DenyKeyPattern)])
            {
                if (value.Length > 0)
                {
                    errors.Add($"{JwtOptions.SectionName}:{setting} is '{value}', but no keys are named, so no token is taken; set SecretFile, JwksFile or JwksUrl, or leave it empty.");
                }
            }

            if (!options.AcceptSessions)
            {
                errors.Add($"{JwtOptions.SectionName}:AcceptSessions is 'false', but no keys are named, so nobody could log in; set SecretFile, JwksFile or JwksUrl.");
            }
        }

        if (options is { JwksFile.Length: > 0, JwksUrl.Length: > 0 })
        {
            errors.Add($"{JwtOptions.SectionName} has both JwksFile and JwksUrl; keep one of them.");
        }

        if (options.JwksUrl.Length > 0 && !(Uri.TryCreate(options.JwksUrl, UriKind.Absolute, out var url) && url is { Scheme: "https" or "http", UserInfo: "" }))
        {
            errors.Add($"{JwtOptions.SectionName}:JwksUrl is '{options.JwksUrl}'; use an address as 'https://auth.example.com/.well-known/jwks.json', without user or password.");
        }

        CheckFile(nameof(options.SecretFile), options.SecretFile, TokenKey.ReadSecrets, "write secrets of at least 32 bytes into it, one a line");
        CheckFile(nameof(options.JwksFile), options.JwksFile, TokenKey.ReadSet, "put a JSON Web Key Set with public keys for RS256 or ES256 there");

        void CheckFile(string setting, string path, Func<string, IReadOnlyList<TokenKey>> read, string cure)
        {
            if (path.Length == 0)
            {
                return;
            }

            try
            {
                read(SecretFile.Read(path));
            }
            catch (Exception exception) when (TokenKey.IsTrouble(exception))
            {
                errors.Add($"{JwtOptions.SectionName}:{setting} is '{path}', which cannot be used ({exception.Message.TrimEnd('.')}); {cure}.");
            }
        }
    }
}
