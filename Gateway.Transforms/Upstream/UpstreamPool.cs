using System.Diagnostics.CodeAnalysis;
using Gateway.Transforms.Verdicts;

namespace Gateway.Transforms.Upstream;

/// <summary>
/// The connections to one instance. A call goes out on the first that has a place for it; where there is none, it waits for a place or for a new
/// connection, whichever comes first. Connections are made one after another and no more than are needed.
/// </summary>
/// <param name="connect">Makes a connection that is ready for calls.</param>
/// <param name="maxConnections">How many there may be.</param>
/// <param name="time">The clock.</param>
/// <param name="callsPerConnection">How many calls may wait for each connection that is being made.</param>
internal sealed class UpstreamPool(Func<CancellationToken, Task<UpstreamConnection>> connect, int maxConnections, TimeProvider time, int callsPerConnection = 100)
{
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    /// <summary>How old a connection gets before another takes its place: the host's name may have another address by now.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(10);

    public static readonly TimeSpan MaxIdle = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly ConnectFailures _failures = new(time);
    private readonly LinkedList<TaskCompletionSource<UpstreamConnection>> _waiting = [];
    private UpstreamConnection[] _open = [];
    private UpstreamConnection[] _leaving = [];
    private int _connecting;
    private int _waitingCalls;
    private bool _isRetired;

    /// <summary>Connections, also those that take no new calls any more.</summary>
    public int Connections => Volatile.Read(ref _open).Length + Volatile.Read(ref _leaving).Length;

    /// <summary>It is retired, and its last connection has ended.</summary>
    public bool IsOver => _isRetired && Connections == 0;

    /// <summary>Tries to connect that failed.</summary>
    public long FailedConnects => _failures.Total;

    /// <summary>Why there is no connection; null when there is one, or nobody has tried.</summary>
    public string? Problem
    {
        get
        {
            lock (_lock)
            {
                return _open.Length == 0 && _failures.IsFailing ? _failures.Reason : null;
            }
        }
    }

    /// <summary>Takes a place for a call.</summary>
    /// <exception cref="AnswerException">There is no connection, and none can be made.</exception>
    public ValueTask<UpstreamConnection> TakeAsync(CancellationToken cancellationToken) =>
        TryTake(out var connection) ? new(connection) : WaitAsync(cancellationToken);

    /// <summary>
    /// The instance is gone, or is spoken to in another way: calls under way go on, also those that have no connection yet, and then the connections end.
    /// </summary>
    public void Retire()
    {
        UpstreamConnection[] open;
        lock (_lock)
        {
            _isRetired = true;
            open = _open;
        }

        foreach (var connection in open)
        {
            connection.Retire();
        }
    }

    /// <summary>Looks after the connections, about once a second.</summary>
    public void Tick()
    {
        CheckWhetherItIsBack();
        foreach (var connection in Volatile.Read(ref _leaving))
        {
            connection.Tick(MaxIdle);
        }

        foreach (var connection in Volatile.Read(ref _open))
        {
            connection.Tick(MaxIdle);
            if (!IsOld(connection))
            {
                continue;
            }

            if (connection.Reserved == 0)
            {
                connection.Retire();
                continue;
            }

            lock (_lock)
            {
                if (_connecting == 0 && !_isRetired && !_failures.IsPausing)
                {
                    BeginConnect();
                }
            }
        }
    }

    /// <summary>Without it, an instance that nobody calls any more would be taken for unreachable for ever.</summary>
    private void CheckWhetherItIsBack()
    {
        lock (_lock)
        {
            if (_open.Length == 0 && _connecting == 0 && !_isRetired && _failures.IsCheckDue)
            {
                BeginConnect();
            }
        }
    }

    private bool IsOld(UpstreamConnection connection) => time.GetElapsedTime(connection.MadeAt) > MaxAge;

    private bool TryTake([NotNullWhen(true)] out UpstreamConnection? connection)
    {
        foreach (var open in Volatile.Read(ref _open))
        {
            if (open.TryReserve())
            {
                connection = open;
                return true;
            }
        }

        connection = null;
        return false;
    }

    private async ValueTask<UpstreamConnection> WaitAsync(CancellationToken cancellationToken)
    {
        LinkedListNode<TaskCompletionSource<UpstreamConnection>> waiting;
        // Before the connections are looked at again: whoever gives a place back after that sees that somebody waits.
        Interlocked.Increment(ref _waitingCalls);
        try
        {
            lock (_lock)
            {
                if (TryTake(out var connection))
                {
                    return connection;
                }

                if (_open.Length == 0 && _connecting == 0 && _failures.IsPausing)
                {
                    throw AnswerException.Unreachable(_failures.Reason, isReplayable: false);
                }

                waiting = _waiting.AddLast(new TaskCompletionSource<UpstreamConnection>(TaskCreationOptions.RunContinuationsAsynchronously));
                ConnectIfNeeded();
            }

            foreach (var open in Volatile.Read(ref _open))
            {
                open.FreeOverduePlaces();
            }

            try
            {
                return await waiting.Value.Task.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                GiveUp(waiting);
                // If it has failed in this very moment, nobody needs to know.
                _ = waiting.Value.Task.Exception;
                throw;
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waitingCalls);
        }
    }

    /// <summary>The call does not wait any more. If it was given a place in this very moment, that goes back.</summary>
    private void GiveUp(LinkedListNode<TaskCompletionSource<UpstreamConnection>> waiting)
    {
        lock (_lock)
        {
            if (waiting.List is not null)
            {
                _waiting.Remove(waiting);
                return;
            }
        }

        if (waiting.Value.Task.IsCompletedSuccessfully)
        {
            waiting.Value.Task.Result.Release();
        }
    }

    private void ConnectIfNeeded()
    {
        var needed = (_waiting.Count + callsPerConnection - 1) / callsPerConnection;
        while (_connecting < needed && _open.Length + _connecting < maxConnections && !_failures.IsPausing && _open is not [.., { IsBarred: true }])
        {
            BeginConnect();
        }
    }

    private void BeginConnect()
    {
        _connecting++;
        _ = ConnectAsync();
    }

    private async Task ConnectAsync()
    {
        // Not on the call that happens to need it, and not under the lock.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        using var deadline = new CancellationTokenSource(ConnectTimeout, time);
        try
        {
            Add(await connect(deadline.Token));
        }
        catch (Exception exception)
        {
            Failed(deadline.IsCancellationRequested ? $"no connection within {ConnectTimeout.TotalSeconds} s" : exception.GetBaseException().Message);
        }
    }

    private void Add(UpstreamConnection connection)
    {
        UpstreamConnection[] old;
        bool isRetired;
        lock (_lock)
        {
            _connecting--;
            old = [.. _open.Where(IsOld)];
            _open = [.. _open, connection];
            isRetired = _isRetired;
        }

        Changed(connection);
        foreach (var leaving in isRetired ? [connection] : old)
        {
            leaving.Retire();
        }
    }

    private void Failed(string reason)
    {
        lock (_lock)
        {
            _connecting--;
            CountFailure(reason);
        }
    }

    private void CountFailure(string reason)
    {
        _failures.Add(reason);
        // Those that wait for a place on a connection go on waiting for that.
        if (_open.Length == 0 && _connecting == 0)
        {
            FailWaiting();
        }
    }

    private void FailWaiting()
    {
        foreach (var waiting in _waiting)
        {
            waiting.TrySetException(AnswerException.Unreachable(_failures.Reason, isReplayable: false));
        }

        _waiting.Clear();
    }

    /// <summary>A connection has room, takes no new calls any more, or has ended.</summary>
    public void Changed(UpstreamConnection connection)
    {
        if (connection.IsOpen && Volatile.Read(ref _waitingCalls) == 0)
        {
            return;
        }

        lock (_lock)
        {
            if (!connection.IsOpen && _open.Contains(connection))
            {
                _open = [.. _open.Where(open => open != connection)];
                _leaving = [.. _leaving, connection];
                if (connection.HasServed || time.GetElapsedTime(connection.MadeAt) >= MaxIdle)
                {
                    _failures.Reset();
                }
                else
                {
                    CountFailure("the sub-service closes connections unused");
                }
            }

            if (connection.IsClosed)
            {
                _leaving = [.. _leaving.Where(leaving => leaving != connection)];
            }

            while (_waiting.First is { } first && TryTake(out var taken))
            {
                _waiting.RemoveFirst();
                first.Value.SetResult(taken);
            }

            ConnectIfNeeded();
            if (_waiting.Count > 0 && _open.Length == 0 && _connecting == 0)
            {
                FailWaiting();
            }
        }
    }
}
