namespace Gateway.Proxy.Sessions.Tracking;

/// <summary>This Redis does not track keys for this gateway, and will not before somebody has changed something.</summary>
/// <param name="reason">Why, without anything that Redis has said: an unknown command is echoed there with its password.</param>
internal sealed class TrackingRefusedException(string reason) : Exception(reason);
