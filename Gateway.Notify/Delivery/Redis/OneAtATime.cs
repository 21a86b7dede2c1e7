namespace Gateway.Notify.Delivery.Redis;

/// <summary>Work that is done by one turn at a time; all who ask while a turn is under way share the next one.</summary>
internal sealed class OneAtATime(Func<Task> turn)
{
    private readonly Lock _lock = new();
    private Task _last = Task.CompletedTask;
    private bool _isAsked;
    private bool _isEnded;

    /// <summary>Asks for a turn that begins after this call. The task completes when that turn has ended.</summary>
    public Task AskAsync()
    {
        lock (_lock)
        {
            if (!_isAsked && !_isEnded)
            {
                _isAsked = true;
                _last = TakeTurnAsync(_last);
            }

            return _last;
        }
    }

    /// <summary>From now on nothing is begun; waits for what is under way.</summary>
    public Task EndAsync()
    {
        lock (_lock)
        {
            _isEnded = true;
            return _last;
        }
    }

    private async Task TakeTurnAsync(Task before)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        lock (_lock)
        {
            _isAsked = false;
        }

        await turn();
    }
}
