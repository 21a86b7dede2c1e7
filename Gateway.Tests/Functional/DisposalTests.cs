using System.Runtime.CompilerServices;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>A gateway that was stopped leaves no timer, no registration and no memory in its process.</summary>
[TestFixture]
internal sealed class DisposalTests : GatewayTest
{
    [Test]
    public async Task Gateway_Stopped_NothingOfItStays()
    {
        var services = await StartAndStopAsync();

        await Eventually.That(() => !IsAliveAfterCollection(services), "Nothing holds the services of a stopped gateway");
    }

    private static bool IsAliveAfterCollection(WeakReference services)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return services.IsAlive;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<WeakReference> StartAndStopAsync()
    {
        await using var gateway = await StartGatewayAsync([]);
        (await gateway.PostAsync(GetUserInfoPath, Alice.ToByteArray())).Dispose();
        using (var metrics = new HttpClient())
        {
            await metrics.GetStringAsync(new Uri(gateway.Management, "/metrics"));
        }

        return new WeakReference(gateway.Services);
    }
}
