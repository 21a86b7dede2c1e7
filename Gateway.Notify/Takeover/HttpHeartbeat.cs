using Microsoft.AspNetCore.Connections.Features;

namespace Gateway.Notify.Takeover;

/// <summary>
/// The server's heartbeat as HTTP sees it, which looks at its time-outs by it. Nobody who has once asked for the server's own heartbeat can be taken off
/// it: HTTP would stay in memory to the end of the connection, and cut it off by the time-out for a client that takes the end of an answer too slowly.
/// This one is stopped when the connection is taken over.
/// </summary>
internal sealed class HttpHeartbeat : IConnectionHeartbeatFeature
{
    private volatile Tuple<Action<object>, object>? _beat;

    public HttpHeartbeat(IConnectionHeartbeatFeature heartbeat) => heartbeat.OnHeartbeat(static heartbeat => ((HttpHeartbeat)heartbeat).Beat(), this);

    /// <exception cref="InvalidOperationException">Somebody asks beside HTTP.</exception>
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
