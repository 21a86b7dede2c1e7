using Gateway.Proxy.Settings;
using Gateway.Proxy.Tls;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Discovery.Etcd;

/// <summary>Where sub-service instances register, and how patiently the gateway follows them there.</summary>
public sealed class EtcdOptions : RegistryOptions
{
    public const string SectionName = "Gateway:Etcd";

    /// <summary>
    /// The etcd members, comma separated: <c>http://10.0.0.1:2379,http://10.0.0.2:2379</c>. One is followed at a time, the
    /// next one when it fails. Default empty: etcd is not used, and clusters need fixed addresses.
    /// </summary>
    public string Endpoints { get; set; } = "";

    /// <summary>
    /// PEM certificates of those who may have issued the members' certificates, for <c>https://</c> endpoints. Default empty: those that
    /// the machine trusts.
    /// </summary>
    public string CertificateAuthorityFile { get; set; } = "";

    /// <summary>The gateway's own certificate, as a PEM file, for an etcd that asks for one. Default empty: none.</summary>
    public string CertificateFile { get; set; } = "";

    /// <summary>The key of <see cref="CertificateFile"/>, as a PEM file. Default empty: it stands in that file.</summary>
    public string KeyFile { get; set; } = "";

    /// <summary>The etcd user. Default empty: none, as for an etcd without authentication.</summary>
    public string User { get; set; } = "";

    /// <summary>The password of <see cref="User"/>.</summary>
    public string Password { get; set; } = "";

    /// <summary>A file that holds the password instead, as orchestrators mount secrets. Read at each log-in. Wins over <see cref="Password"/>.</summary>
    public string PasswordFile { get; set; } = "";

    /// <summary>
    /// The keys below which instances register, as <c>/service/user_service/instance-1</c>. Starts and ends with a slash.
    /// Default <c>/service/</c>.
    /// </summary>
    public string ServicePrefix { get; set; } = "/service/";

    /// <summary>
    /// How often everything is read again beside the watch, to notice a watch that has silently stopped delivering.
    /// Spread by a tenth to either side. Default 1 minute, from 1 second to 1 hour.
    /// </summary>
    public TimeSpan ResyncInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long vanished instances stay in use when etcd seems to have lost its data: the whole prefix is empty, the revision
    /// went backwards, or another cluster answers. Give instances time to register again. Default 30 seconds, from 0 (take
    /// etcd's word at once) to 1 hour.
    /// </summary>
    public TimeSpan EmptyRegistryGrace { get; set; } = TimeSpan.FromSeconds(30);

    internal ClientTls Tls => ClientTls.Of(CertificateAuthorityFile, CertificateFile, KeyFile);

    /// <summary>A JSON null is as good as nothing.</summary>
    internal string[] EndpointList() =>
        (Endpoints ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

internal sealed class EtcdOptionsValidator : IValidateOptions<EtcdOptions>
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    public ValidateOptionsResult Validate(string? name, EtcdOptions options)
    {
        var errors = new SettingErrors(EtcdOptions.SectionName);
        CheckEndpoints(options, errors);
        CheckPrefix(options, errors);
        CheckCredentials(options, errors);
        errors.CheckTime(nameof(options.ResyncInterval), options.ResyncInterval, TimeSpan.FromSeconds(1), Hour, SettingErrors.WithItsForm);
        errors.CheckTime(nameof(options.EmptyRegistryGrace), options.EmptyRegistryGrace, TimeSpan.Zero, Hour, SettingErrors.WithItsForm);
        options.CheckTimes(errors, EtcdOptions.SectionName);
        return errors.Result;
    }

    private static void CheckEndpoints(EtcdOptions options, SettingErrors errors) =>
        errors.AddRange(options.EndpointList().Where(endpoint => !IsEndpoint(endpoint)).Select(endpoint =>
            $"{EtcdOptions.SectionName}:Endpoints holds '{Secrets.HideIn(endpoint)}'; write each etcd member as 'http://host:2379' and separate them by commas."));

    private static bool IsEndpoint(string endpoint) =>
        Uri.TryCreate(endpoint, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
        && uri is { Host.Length: > 0, PathAndQuery: "/", UserInfo: "", Fragment: "" };

    private static void CheckCredentials(EtcdOptions options, SettingErrors errors)
    {
        errors.AddRange(options.Tls.FindErrors(EtcdOptions.SectionName, options.KeyFile));
        if (options.PasswordFile.Length > 0 && SecretFile.FindError($"{EtcdOptions.SectionName}:PasswordFile", options.PasswordFile) is { } error)
        {
            errors.Add(error);
        }

        if (options.User.Length == 0 && (options.Password.Length > 0 || options.PasswordFile.Length > 0))
        {
            errors.Add($"{EtcdOptions.SectionName} has a password, but User is empty; name the user it belongs to.");
        }

        if (options.Tls.IsSet && options.EndpointList().FirstOrDefault(endpoint => endpoint.StartsWith("http:", StringComparison.OrdinalIgnoreCase)) is { } plain)
        {
            errors.Add($"{EtcdOptions.SectionName}:Endpoints holds '{Secrets.HideIn(plain)}', but there are certificates for TLS; write 'https://', or leave them out.");
        }
    }

    private static void CheckPrefix(EtcdOptions options, SettingErrors errors)
    {
        var prefix = options.ServicePrefix;
        if (prefix.Length < 2 || prefix[0] != '/' || prefix[^1] != '/' || prefix.Contains("//", StringComparison.Ordinal))
        {
            errors.Add($"{EtcdOptions.SectionName}:ServicePrefix is '{prefix}'; start and end it with a slash, as in '/service/'.");
        }
    }
}
