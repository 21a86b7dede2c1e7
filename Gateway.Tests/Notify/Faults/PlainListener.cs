using System.Net.WebSockets;
using Gateway.Tests.Support;

namespace Gateway.Tests.Notify.Faults;

/// <summary>A plain client that writes down what it was told.</summary>
internal sealed class PlainListener : IAsyncDisposable
{
    private readonly NotifyClient _socket;
    private readonly Lock _lock = new();
    private readonly List<int> _told = [];
    private readonly Task _running;

    private PlainListener(NotifyClient socket)
    {
        _socket = socket;
        _running = Task.Run(RunAsync);
    }

    public IReadOnlyList<int> Told
    {
        get
        {
            lock (_lock)
            {
                return [.. _told];
            }
        }
    }

    public static async Task<PlainListener> StartAsync(Uri address, string user) => new(await NotifyClient.JoinAsync(address, $"s-{user}"));

    public async ValueTask DisposeAsync()
    {
        await _socket.DisposeAsync();
        await _running.DefaultTimeout();
    }

    private async Task RunAsync()
    {
        try
        {
            while (await _socket.TryReceiveAsync() is { } message)
            {
                lock (_lock)
                {
                    _told.Add(int.Parse(message.FriendRemove.UserId));
                }
            }
        }
        catch (Exception exception) when (exception is WebSocketException or ObjectDisposedException or OperationCanceledException or TimeoutException)
        {
            // The test is over.
        }
    }
}
