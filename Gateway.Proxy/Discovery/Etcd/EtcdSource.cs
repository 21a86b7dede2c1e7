using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Discovery.Etcd;

/// <summary>The instances that <see cref="EtcdWatcher"/> finds in etcd. All services are followed together, whichever clusters there are.</summary>
internal sealed class EtcdSource(ServiceRegistry registry, IOptions<EtcdOptions> options) : IInstanceSource
{
    public string Name => "etcd";

    public bool IsUsed => options.Value.EndpointList().Length > 0;

    public MissingSetting? Missing => IsUsed ? null : new($"{EtcdOptions.SectionName}:Endpoints is empty", "set it to 'http://host:2379'");

    public ServiceRegistry Registry => registry;

    public bool Owns(string? address) => EtcdAddress.IsEtcd(address);

    public bool TryParse(string address, [NotNullWhen(true)] out string? service, [NotNullWhen(false)] out string? problem) =>
        EtcdAddress.TryParse(address, options.Value.ServicePrefix, out service, out problem);

    public void Follow(string service)
    {
    }

    public Task FirstAnswer(string service) => Task.CompletedTask;

    public void Keep(IReadOnlySet<string> services)
    {
    }
}
