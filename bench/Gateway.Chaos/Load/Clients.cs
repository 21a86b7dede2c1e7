using System.Collections.Concurrent;
using System.Net.WebSockets;
using Google.Protobuf;

namespace Gateway.Chaos.Load;

/// <summary>Clients that do one thing again and again until the load ends, and count how it came out.</summary>
internal sealed class Clients : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, int> _failures = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly Task[] _clients;
    private int _done;
    private int _wrong;

    /// <param name="count">How many clients there are.</param>
    /// <param name="pause">How long each waits after each time.</param>
    /// <param name="act">What the client of this number does.</param>
    public Clients(int count, TimeSpan pause, Func<int, Task<Ending>> act) =>
        _clients = [.. Enumerable.Range(0, count).Select(client => Task.Run(() => RunAsync(client, pause, act)))];

    public int Done => Volatile.Read(ref _done);

    public int Wrong => Volatile.Read(ref _wrong);

    /// <summary>How often it failed, by reason.</summary>
    public IReadOnlyDictionary<string, int> Failures => _failures;

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await Task.WhenAll(_clients);
        _ending.Dispose();
    }

    private async Task RunAsync(int client, TimeSpan pause, Func<int, Task<Ending>> act)
    {
        while (!_ending.IsCancellationRequested)
        {
            Count(await TryAsync(client, act));
            await Task.Delay(pause, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task<Ending> TryAsync(int client, Func<int, Task<Ending>> act)
    {
        try
        {
            return await act(client);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or WebSocketException)
        {
            return Ending.Failed($"connection ({exception.Message})");
        }
        catch (InvalidProtocolBufferException)
        {
            return Ending.Of(isRight: false);
        }
    }

    private void Count(Ending ending)
    {
        Interlocked.Increment(ref _done);
        if (ending.IsWrong)
        {
            Interlocked.Increment(ref _wrong);
        }

        if (ending.Failure is { } failure)
        {
            _failures.AddOrUpdate(failure, 1, (_, count) => count + 1);
        }
    }
}
