using Gateway.Proxy.Settings;
using Gateway.Proxy.Tls;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Discovery.Kubernetes;

/// <summary>Where the API server is that <c>k8s://</c> addresses are asked of, and how patiently: section <c>Gateway:Kubernetes</c>.</summary>
public sealed class KubernetesOptions : RegistryOptions
{
    public const string SectionName = "Gateway:Kubernetes";

    private const string Account = "/var/run/secrets/kubernetes.io/serviceaccount/";

    private string? _ownNamespace;

    public KubernetesOptions() => RequestTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The API server, as <c>https://10.0.0.1:6443</c>. Default empty: within a pod, the one that the pod's environment names.</summary>
    public string ApiServer { get; set; } = "";

    /// <summary>
    /// A file with the token that is shown to an <c>https://</c> API server, read again for each question, because it is renewed. Default: that of the
    /// pod's service account. Without the file no token is shown.
    /// </summary>
    public string TokenFile { get; set; } = Account + "token";

    /// <summary>PEM certificates of those who may have issued the API server's. Default: those of the pod's service account.</summary>
    public string CertificateAuthorityFile { get; set; } = Account + "ca.crt";

    /// <summary>The namespace of addresses that name none. Default empty: that of the pod, outside of a pod <c>default</c>.</summary>
    public string Namespace { get; set; } = "";

    /// <summary>
    /// Whether instances of the gateway's own zone are used alone, while enough of them are well: at least half as many as were to be expected if the
    /// service's instances were spread evenly over its zones. Default false.
    /// </summary>
    public bool PreferZone { get; set; }

    /// <summary>The zone of the node that this gateway runs on, as its label <c>topology.kubernetes.io/zone</c> says. Needed for <see cref="PreferZone"/>.</summary>
    public string Zone { get; set; } = "";

    /// <summary>
    /// How long one watch goes on before everything is read again, to notice a watch that has silently stopped. Spread by a tenth to either side.
    /// Default 5 minutes, from 1 second to 1 hour.
    /// </summary>
    public TimeSpan ResyncInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long the instances of a service stay in use when all of them are gone at once. Default 30 seconds, from 0 (take the API server's word at once)
    /// to 1 hour.
    /// </summary>
    public TimeSpan EmptyServiceGrace { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The namespace of addresses that name none, as it was when it was first asked for.</summary>
    internal string OwnNamespace => _ownNamespace ??= Namespace.Length > 0 ? Namespace : ReadNamespace();

    internal FollowTimes Times => new(Debounce, EmptyServiceGrace, RetryDelayMin, RetryDelayMax);

    /// <summary>Who the API server has to be. Outside of a pod it is whom the machine trusts, unless a file is named.</summary>
    internal ClientTls Tls => ClientTls.Of(IsServiceAccountFile(CertificateAuthorityFile) ? "" : CertificateAuthorityFile, "", "");

    /// <summary>Somebody has named a file, so that it should be there.</summary>
    internal bool IsTokenFileNamed => TokenFile.Length > 0 && !TokenFile.StartsWith(Account, StringComparison.Ordinal);

    /// <summary>A file of a service account that there is none of.</summary>
    private static bool IsServiceAccountFile(string file) => file.StartsWith(Account, StringComparison.Ordinal) && !File.Exists(file);

    private static string ReadNamespace() => File.Exists(Account + "namespace") ? File.ReadAllText(Account + "namespace").Trim() : "default";
}

/// <summary>What a pod knows without being told.</summary>
internal sealed class KubernetesDefaults(IConfiguration configuration) : IPostConfigureOptions<KubernetesOptions>
{
    public void PostConfigure(string? name, KubernetesOptions options)
    {
        if (string.IsNullOrEmpty(options.ApiServer) && configuration["KUBERNETES_SERVICE_HOST"] is { Length: > 0 } host)
        {
            var port = configuration["KUBERNETES_SERVICE_PORT"] is { Length: > 0 } given ? given : "443";
            options.ApiServer = host.Contains(':', StringComparison.Ordinal) ? $"https://[{host}]:{port}" : $"https://{host}:{port}";
        }
    }
}

internal sealed class KubernetesOptionsValidator : IValidateOptions<KubernetesOptions>
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    public ValidateOptionsResult Validate(string? name, KubernetesOptions options)
    {
        var errors = new SettingErrors(KubernetesOptions.SectionName);
        if (options.ApiServer.Length > 0 && !IsServer(options.ApiServer))
        {
            errors.Add($"{KubernetesOptions.SectionName}:ApiServer is '{Secrets.HideIn(options.ApiServer)}'; write it as 'https://host:6443'.");
        }

        if (options.Namespace.Length > 0 && !KubernetesAddress.IsLabel(options.Namespace))
        {
            errors.Add($"{KubernetesOptions.SectionName}:Namespace is '{options.Namespace}'; use the name of a namespace, as 'chat'.");
        }

        if (options.IsTokenFileNamed && SecretFile.FindError($"{KubernetesOptions.SectionName}:TokenFile", options.TokenFile) is { } error)
        {
            errors.Add(error);
        }

        if (options.PreferZone && options.Zone.Length == 0)
        {
            errors.Add($"{KubernetesOptions.SectionName}:PreferZone is true, but Zone is empty; set it to the zone of the node that this gateway runs on, or leave PreferZone out.");
        }

        errors.AddRange(options.Tls.FindErrors(KubernetesOptions.SectionName, ""));
        errors.CheckTime(nameof(options.ResyncInterval), options.ResyncInterval, TimeSpan.FromSeconds(1), Hour, SettingErrors.WithItsForm);
        errors.CheckTime(nameof(options.EmptyServiceGrace), options.EmptyServiceGrace, TimeSpan.Zero, Hour, SettingErrors.WithItsForm);
        options.CheckTimes(errors, KubernetesOptions.SectionName);
        return errors.Result;
    }

    private static bool IsServer(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
        && uri is { Host.Length: > 0, Query: "", UserInfo: "", Fragment: "" };
}
