using System.Collections.Concurrent;
using Gateway.Bench.Servers;

namespace Gateway.Bench.Load;

/// <summary>
/// Users with a socket each, the nodes in turn, who take note of every event: each is to come exactly once. Whoever is not let in tries again
/// a second later, as clients do; once all are in, nobody is to lose his socket.
/// </summary>
internal sealed class Audience : IDisposable
{
    private const int Joining = 64;

    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, Telling> _tellings = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _over = new();
    private readonly IReadOnlyList<Candidate> _nodes;
    private readonly Func<int, bool> _isExtended;
    private readonly Socket?[] _sockets;
    private volatile bool _isComplete;
    private int _refused;
    private int _numbers;

    /// <param name="isExtended">Says of each user whether the client is one of gateway.notify.v2.</param>
    private Audience(IReadOnlyList<Candidate> nodes, int count, Func<int, bool> isExtended)
    {
        (_nodes, _isExtended) = (nodes, isExtended);
        _sockets = new Socket?[count];
    }

    /// <summary>Sockets that nobody reads from yet.</summary>
    public IReadOnlyList<Socket> Sockets => [.. _sockets.OfType<Socket>()];

    /// <summary>How often somebody was not let in.</summary>
    public int Refused => _refused;

    public static async Task<Audience> JoinAsync(IReadOnlyList<Candidate> nodes, int count, Func<int, bool> isExtended)
    {
        var audience = new Audience(nodes, count, isExtended);
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = Joining }, async (person, _) => await audience.EnterAsync(person));
        return audience;
    }

    /// <summary>All are in.</summary>
    public void Complete() => _isComplete = true;

    public void Listen()
    {
        for (var person = 0; person < _sockets.Length; person++)
        {
            _ = ListenAsync(person);
        }
    }

    /// <summary>A message that will be sent to some of them.</summary>
    public Telling Expect(int first, int count)
    {
        var number = Interlocked.Increment(ref _numbers);
        var telling = new Telling(number, first, count);
        _tellings[telling.Id] = telling;
        return telling;
    }

    /// <exception cref="InvalidOperationException">Somebody has not got it, or something else.</exception>
    public async Task HaveAsync(Telling telling)
    {
        try
        {
            await await Task.WhenAny(telling.All, _broken.Task).WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            throw new InvalidOperationException($"There is an {telling}.");
        }
    }

    /// <exception cref="InvalidOperationException">A socket was closed, or got what it should not have got.</exception>
    public Task EnsureWholeAsync() => _broken.Task.IsCompleted ? _broken.Task : Task.CompletedTask;

    /// <summary>Waits until all have come, and then for a moment whether one comes again.</summary>
    public async Task CheckAsync()
    {
        foreach (var telling in _tellings.Values)
        {
            await HaveAsync(telling);
        }

        await Task.WhenAny(_broken.Task, Task.Delay(TimeSpan.FromSeconds(1.5)));
        await EnsureWholeAsync();
        _tellings.Clear();
        if (TakeReloads() is > 0 and var reloads)
        {
            throw new InvalidOperationException($"{reloads} clients were told that they may have missed events.");
        }
    }

    /// <summary>How many have been told that events may be lost, which is forgotten.</summary>
    public int TakeReloads()
    {
        var told = Sockets.Where(socket => socket.WasToldToReload).ToList();
        told.ForEach(socket => socket.WasToldToReload = false);
        return told.Count;
    }

    public void Dispose()
    {
        _over.Cancel();
        Array.ForEach(_sockets, socket => socket?.Dispose());
        _over.Dispose();
    }

    private async Task EnterAsync(int person)
    {
        while (true)
        {
            try
            {
                _sockets[person]?.Dispose();
                _sockets[person] = await Socket.JoinAsync(_nodes[person % _nodes.Count], person, _isExtended(person));
                return;
            }
            catch (InvalidOperationException) when (Interlocked.Increment(ref _refused) < _sockets.Length)
            {
                await Task.Delay(TryAgain);
            }
        }
    }

    private async Task ListenAsync(int person)
    {
        while (!_over.IsCancellationRequested)
        {
            try
            {
                var message = await _sockets[person]!.ReceiveAsync(_over.Token);
                _tellings[message.NewMessageInfo.MessageInfo.MessageId].Arrive(person, message);
            }
            catch (Exception) when (_over.IsCancellationRequested)
            {
                // It is over.
            }
            catch (InvalidOperationException) when (!_isComplete && Interlocked.Increment(ref _refused) < _sockets.Length)
            {
                await Task.Delay(TryAgain);
                await EnterAsync(person);
            }
            catch (Exception exception)
            {
                _broken.TrySetException(new InvalidOperationException($"User {person}: {exception.Message}", exception));
                return;
            }
        }
    }
}
