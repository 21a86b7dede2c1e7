using Gateway.Proxy;
using Gateway.Proxy.Sessions;
using Gateway.Transforms.Identity;

namespace Gateway.Bench.Servers;

/// <summary>The gateway itself, with all sessions in its memory.</summary>
internal static class MemoryGateway
{
    public static async Task RunAsync(string[] settings)
    {
        var sessions = new InMemorySessionStore();
        foreach (var (session, user) in People.All)
        {
            sessions.Set(session, user);
        }

        await using var app = GatewayHost.Build(settings, host => host.Services.AddSingleton<ISessionStore>(sessions));
        await app.RunAsync();
    }
}
