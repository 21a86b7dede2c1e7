namespace Gateway.Proxy.Discovery;

/// <summary>Whether and as what this gateway registers itself in etcd, so that others can route sockets to it: section <c>Gateway:Registration</c>.</summary>
public sealed class RegistrationOptions
{
    public const string SectionName = "Gateway:Registration";

    /// <summary>The service to register under, as <c>notify_service</c>. Default empty: not at all.</summary>
    public string Service { get; set; } = "";

    /// <summary>Where others reach this gateway's sockets, as <c>10.0.0.7:9001</c>.</summary>
    public string Address { get; set; } = "";

    /// <summary>How long etcd keeps the entry of a gateway that has died. Default 10 seconds, from 3 seconds to 1 minute.</summary>
    public TimeSpan TimeToLive { get; set; } = TimeSpan.FromSeconds(10);
}
