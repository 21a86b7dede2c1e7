using Gateway.Proxy.Discovery;
using Gateway.Proxy.Discovery.Kubernetes;
using Gateway.Proxy.Routing;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Functional;

/// <summary>Calls that follow a name in a real DNS server, and route files that change which names those are.</summary>
[Servers]
internal sealed class DnsDiscoveryTests : RouteReloadTest
{
    [Test]
    public async Task Calls_GoToTheAddressesOfTheName_UntilNoRouteFileNamesIt()
    {
        await using var dns = await DnsProcess.CreateAsync(DnsProcess.Host("user.test", "127.0.0.1"), DnsProcess.Service("_grpc._tcp.user.test", "user.test", new Uri(Service.Address).Port));
        var port = new Uri(Service.Address).Port;
        Settings["Gateway:Dns:Servers"] = dns.Server;
        Settings["Gateway:Dns:Refresh"] = "00:00:00.100";
        Folder.Write(FileWith($"dns://user.test:{port}"));
        await StartAsync();
        await Eventually.That(async () => await StatusAsync(LoginPath) == 200 && Service.Calls.Count > 0);
        Assert.That(Services("DNS"), Is.EqualTo(new[] { $"dns://user.test:{port}" }));

        Folder.Write(FileWith("dns+srv://_grpc._tcp.user.test"));
        await LookAsync(RouteReloadResult.Applied);
        await Eventually.That(() => Services("DNS").SequenceEqual(["dns+srv://_grpc._tcp.user.test"]), "the other name is not looked up any more");

        Folder.Write(FileWith(Service.Address));
        await LookAsync(RouteReloadResult.Applied);
        await Eventually.That(() => Services("DNS").Length == 0);
        Assert.That(Gateway.Services.GetServices<IInstanceSource>().Where(source => source.IsUsed), Is.Empty);
        Assert.That(await StatusAsync(LoginPath), Is.EqualTo(200));
    }

    [Test]
    public async Task AddressInKubernetes_OutsideOfAPod_IsRefused()
    {
        await StartAsync();
        Folder.Write(FileWith("k8s://user.chat:grpc"));
        await LookAsync(RouteReloadResult.Refused);
        Assert.That(Last.Errors, Is.EqualTo(new[]
        {
            $"{KubernetesOptions.SectionName}:ApiServer is empty outside of a pod, but the addresses of 'accounts' are in Kubernetes; set it to 'https://host:6443', or give these clusters http:// addresses.",
        }));

        Folder.Write(FileWith("k8s://user.chat.svc:grpc"));
        await LookAsync(RouteReloadResult.Refused);
        Assert.That(Last.Errors.Single(), Does.Contain("the address 'k8s://user.chat.svc:grpc', which is not of the form 'k8s://<service>:<port>' or"));
    }

    /// <summary>A file whose cluster no setting gives another address.</summary>
    private static string FileWith(string address) =>
        File().Replace("\"user\"", "\"accounts\"", StringComparison.Ordinal).Replace("http://127.0.0.1:1", address, StringComparison.Ordinal);

    private string[] Services(string source) =>
        [.. Gateway.Services.GetServices<IInstanceSource>().Single(one => one.Name == source).Registry.Current.Services];
}
