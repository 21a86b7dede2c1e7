using Microsoft.AspNetCore.Connections.Features;

namespace Gateway.Notify.Takeover;

/// <summary>
/// The server's clock, by which HTTP looks at its time-outs. A connection has no way to give it up, so without this one the connection
/// would hold all of HTTP to its end, and be cut off by the time-out for a client that takes the end of an answer too slowly.
/// </summary>
internal sealed class LentHeartbeat : IConnectionHeartbeatFeature
{
    private volatile Tuple<Action<object>, object>? _beat;

    public LentHeartbeat(IConnectionHeartbeatFeature heartbeat) => heartbeat.OnHeartbeat(static lent => ((LentHeartbeat)lent).Beat(), this);

    /// <exception cref="InvalidOperationException">Two want to know: HTTP is one.</exception>
    public void OnHeartbeat(Action<object> action, object state)
    {
        if (_beat is not null)
        {
            throw new InvalidOperationException("The heartbeat has been lent already.");
        }

        _beat = Tuple.Create(action, state);
    }

    public void Stop() => _beat = null;

    private void Beat()
    {
        if (_beat is var (action, state))
        {
            action(state);
        }
    }
}
