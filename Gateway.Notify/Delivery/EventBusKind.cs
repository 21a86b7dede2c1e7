namespace Gateway.Notify.Delivery;

/// <summary>What takes events from the node where they arise to the nodes that hold the sockets.</summary>
public enum EventBusKind
{
    /// <summary>Redis where the sessions are in Redis, otherwise none.</summary>
    Auto,

    /// <summary>None: this node is the only one.</summary>
    InProcess,

    /// <summary>Redis, which all nodes share.</summary>
    Redis,
}
