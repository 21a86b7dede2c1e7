using Gateway.Proxy.Sessions;

namespace ChatDemo.Accounts;

/// <summary>Hands sessions to the gateway in the same process. They end with it.</summary>
internal sealed class MemorySessionWriter(InMemorySessionStore store) : ISessionWriter
{
    public Task WriteAsync(string sessionId, string userId)
    {
        store.Set(sessionId, userId);
        return Task.CompletedTask;
    }
}
