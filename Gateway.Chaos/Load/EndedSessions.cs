namespace Gateway.Chaos.Load;

/// <summary>The sessions that a fault has ended, and what calls with them may come to.</summary>
/// <param name="load">The clients whose sessions they are.</param>
/// <param name="mayPass">For how long after Redis has confirmed its end a session may still be let in.</param>
internal sealed class EndedSessions(SteadyLoad load, TimeSpan mayPass)
{
    private readonly Dictionary<int, (TimeSpan Asked, TimeSpan Confirmed)> _times = [];

    /// <summary>Ends the session of a user.</summary>
    /// <param name="user">Whose it is.</param>
    /// <param name="endAsync">Does it, and returns when Redis has confirmed it.</param>
    public async Task EndAsync(int user, Func<Task> endAsync)
    {
        var asked = load.Now;
        await endAsync();
        _times[user] = (asked, load.Now);
    }

    /// <summary>The call is refused because its session has ended, and so it has.</summary>
    public bool IsRightlyRefused(CallRecord call) => call.Code is "session-invalid" && _times.TryGetValue(call.User, out var ended) && call.End >= ended.Asked;

    /// <summary>The call is served although its session has ended too long before.</summary>
    public bool IsWronglyServed(CallRecord call) => !call.IsFailed && _times.TryGetValue(call.User, out var ended) && call.Begin > ended.Confirmed + mayPass;
}
