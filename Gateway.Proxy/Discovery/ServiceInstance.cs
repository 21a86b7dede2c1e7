namespace Gateway.Proxy.Discovery;

/// <summary>One instance of a sub-service, as a source knows it.</summary>
/// <param name="Service">The service by the source's own name, as <c>user_service</c> or <c>user.chat:grpc</c>.</param>
/// <param name="Key">What tells it from others of its source: the whole etcd key, the pod, or the name that was looked up.</param>
/// <param name="Address">Where it listens, as <c>http://10.0.0.7:10003</c>.</param>
/// <param name="SaysScheme">Whether the instance itself has written <c>http://</c> or <c>https://</c>.</param>
/// <param name="Zone">Where it runs; null when the source does not say it.</param>
internal sealed record ServiceInstance(string Service, string Key, string Address, bool SaysScheme = false, string? Zone = null)
{
    /// <summary>Its address in a cluster that may say how instances are spoken to that do not say it themselves.</summary>
    public string AddressBy(string? scheme) =>
        SaysScheme || scheme is null ? Address : $"{scheme}{Address[Address.IndexOf(Uri.SchemeDelimiter, StringComparison.Ordinal)..]}";
}
