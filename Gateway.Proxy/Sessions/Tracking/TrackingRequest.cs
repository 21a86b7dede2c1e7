namespace Gateway.Proxy.Sessions.Tracking;

/// <summary>What was sent on a tracking connection.</summary>
/// <param name="SessionId">The session that is to be remembered; null for a question whether Redis is there.</param>
/// <param name="Asked">The timestamp from before it was sent.</param>
internal readonly record struct TrackingRequest(string? SessionId, long Asked);
