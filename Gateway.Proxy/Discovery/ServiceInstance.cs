namespace Gateway.Proxy.Discovery;

/// <summary>One registered instance of a sub-service.</summary>
/// <param name="Service">The service name, as <c>user_service</c> or <c>speech/recognition</c>.</param>
/// <param name="Key">The whole etcd key.</param>
/// <param name="Address">Where it listens, as <c>http://10.0.0.7:10003</c>.</param>
internal sealed record ServiceInstance(string Service, string Key, string Address);
