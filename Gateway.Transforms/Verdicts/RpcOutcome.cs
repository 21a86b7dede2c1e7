namespace Gateway.Transforms.Verdicts;

/// <summary>How a call ended, seen from the gateway. Decides the reply, the metric, the log level and the status alike.</summary>
public enum RpcOutcome
{
    /// <summary>The sub-service answered. Whether it did what was asked stands in its answer.</summary>
    Ok,

    /// <summary>The body is no protobuf message, or one that two parsers could read differently.</summary>
    BadRequest,

    /// <summary>The body is of a type, or in an encoding, that the gateway does not take.</summary>
    UnsupportedContent,

    /// <summary>The body is larger than the route allows.</summary>
    TooLarge,

    /// <summary>No session, a malformed one, or one that nobody is logged in with.</summary>
    SessionInvalid,

    /// <summary>The session store gave no answer in time, so nobody is let in.</summary>
    SessionStoreDown,

    /// <summary>This address, this user or everybody together has made more requests than the route allows. Trying later helps.</summary>
    RateLimited,

    /// <summary>The cluster has as many requests under way as it may, or the gateway holds as many bytes of large ones as it may.</summary>
    Overloaded,

    /// <summary>No instance of the sub-service could take the call. Trying again later may help.</summary>
    NoInstance,

    /// <summary>The route's time was over before the answer was there.</summary>
    TimedOut,

    /// <summary>The sub-service failed, or answered something that is no answer.</summary>
    SubServiceFailed,

    /// <summary>The gateway itself failed: a defect, logged as an error.</summary>
    Internal,

    /// <summary>The client has gone, so there is nobody to reply to.</summary>
    ClientGone,
}
