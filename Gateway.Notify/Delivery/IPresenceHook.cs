namespace Gateway.Notify.Delivery;

/// <summary>
/// Is told who comes online and goes, and what those miss who are not there. Each is told by one node alone. Called while others wait, so it has to return
/// at once.
/// </summary>
public interface IPresenceHook
{
    /// <summary>A user's first socket, on all nodes, was let in.</summary>
    void Came(string userId);

    /// <summary>A user's last socket has gone, and the grace is over.</summary>
    void Gone(string userId);

    /// <summary>An event was published to users without a socket on any node.</summary>
    /// <param name="userIds">The users.</param>
    /// <param name="type">What the event is called in metrics.</param>
    /// <param name="body">What a socket would have been told.</param>
    void Missed(IReadOnlyList<string> userIds, string type, ReadOnlyMemory<byte> body);
}
