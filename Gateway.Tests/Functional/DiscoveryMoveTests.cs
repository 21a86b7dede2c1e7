using Gateway.Proxy.Discovery.Kubernetes;
using Gateway.Proxy.Routing;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Functional;

/// <summary>A cluster in use whose address becomes one that has to be found out.</summary>
internal sealed class DiscoveryMoveTests : RouteReloadTest
{
    [Test]
    public async Task NewAddress_IsTakenOver_OnceItIsKnownWhereThatIs()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.Set(FakeApiServer.Slice("user-a", new Uri(Service.Address).Port, FakeApiServer.Pod("p1")));
        server.OnRequest = async (context, isWatch) =>
        {
            await Task.Delay(isWatch ? 0 : 200, context.RequestAborted);
            return false;
        };
        Settings[$"{KubernetesOptions.SectionName}:ApiServer"] = server.Address;
        Folder.Write(FileWith(Service.Address));
        await StartAsync(builder => builder.Services.AddSingleton(provider => ActivatorUtilities.CreateInstance<RouteReloader>(provider, TimeProvider.System)));
        Assert.That(await ErrorCodeAsync(LoginPath), Is.Empty);

        Folder.Write(FileWith("k8s://user.chat:grpc"));
        await LookAsync(RouteReloadResult.Applied);

        Assert.That(await ErrorCodeAsync(LoginPath), Is.Empty);
        Assert.That(server.Lists, Is.EqualTo(1));
    }

    [Test]
    public async Task SourceThatIsAway_DoesNotHoldUpTheChange()
    {
        await using var server = await FakeApiServer.StartAsync();
        Settings[$"{KubernetesOptions.SectionName}:ApiServer"] = server.Address;
        server.OnRequest = async (context, _) =>
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };
        Folder.Write(FileWith(Service.Address));
        await StartAsync();

        Folder.Write(FileWith("k8s://user.chat:grpc"));
        await LookAsync(RouteReloadResult.Applied);

        Assert.That(await ErrorCodeAsync(LoginPath), Is.EqualTo("no-instance"));
    }

    /// <summary>A file whose cluster no setting gives another address.</summary>
    private static string FileWith(string address) =>
        File().Replace("\"user\"", "\"accounts\"", StringComparison.Ordinal).Replace("http://127.0.0.1:1", address, StringComparison.Ordinal);
}
