namespace Gateway.Notify.Delivery.Redis;

/// <summary>Work that is done by one turn at a time; whoever asks for it meanwhile gets one more turn, however many ask.</summary>
internal sealed class OneAtATime(Func<Task> turn)
{
    private readonly Lock _lock = new();
    private bool _isWanted;
    private bool _isEnded;
    private Task _working = Task.CompletedTask;

    /// <summary>Ends when there is nothing more to do for now.</summary>
    public Task Done
    {
        get
        {
            lock (_lock)
            {
                return _working;
            }
        }
    }

    public void Ask()
    {
        lock (_lock)
        {
            if (!_isWanted && !_isEnded)
            {
                _isWanted = true;
                if (_working.IsCompleted)
                {
                    _working = Task.Run(WorkAsync);
                }
            }
        }
    }

    /// <summary>From now on nothing is begun; waits for what is under way.</summary>
    public Task EndAsync()
    {
        lock (_lock)
        {
            _isEnded = true;
            _isWanted = false;
            return _working;
        }
    }

    private async Task WorkAsync()
    {
        while (Take())
        {
            await turn();
        }
    }

    private bool Take()
    {
        lock (_lock)
        {
            var isWanted = _isWanted;
            _isWanted = false;
            if (!isWanted)
            {
                // Not by the end of the task, which comes a moment later: whoever asks in between would be forgotten.
                _working = Task.CompletedTask;
            }

            return isWanted;
        }
    }
}
