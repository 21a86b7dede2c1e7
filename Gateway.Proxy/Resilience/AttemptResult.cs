namespace Gateway.Proxy.Resilience;

/// <summary>What became of one attempt to have an instance serve a request.</summary>
internal enum AttemptResult
{
    /// <summary>The instance answered: well, or with an error about this one request.</summary>
    Answered,

    /// <summary>It ended for a reason that is not the instance's: the client went away, no instance was there to be picked.</summary>
    Unjudged,

    /// <summary>The request never reached the instance, or the instance says that it did nothing with it.</summary>
    NotSent,

    /// <summary>The instance says that it cannot serve now.</summary>
    Unavailable,

    /// <summary>The connection broke after the request was sent.</summary>
    Broken,

    /// <summary>What came back is no answer in the protocol of the cluster.</summary>
    Garbled,

    /// <summary>No answer in time.</summary>
    Slow,
}
