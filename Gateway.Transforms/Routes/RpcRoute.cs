using Gateway.Transforms.Events;
using Gateway.Transforms.Wire;

namespace Gateway.Transforms.Routes;

/// <summary>What one route of yarp.json asks of the gateway, parsed once when the configuration is loaded. Endpoint metadata.</summary>
/// <param name="RouteId">The route's name in yarp.json.</param>
/// <param name="Path">The path of the call: <c>/package.Service/Method</c>.</param>
/// <param name="Fields">Where the ids stand in the request message.</param>
/// <param name="Envelope">Where an answer says that the call failed.</param>
/// <param name="Session">Whether the caller must be logged in.</param>
/// <param name="Events">Whom its answers are told to, and what the client reads of them; null on routes that just hand them on.</param>
/// <param name="MaxRequestBytes">The largest request body taken, in bytes.</param>
/// <param name="Timeout">How long the call may take, from the first byte of the request.</param>
/// <param name="HoldsBeforeSession">Whether serializers write a large value before the session id, so that much is held before anybody knows who sends it.</param>
/// <param name="HasTransforms">Whether the route has further transforms, which want to see the call in HTTP's form.</param>
/// <param name="Counted">Which fields of its requests it is limited by; null for none.</param>
internal sealed record RpcRoute(
    string RouteId,
    string Path,
    MessageFields Fields,
    EnvelopeFields Envelope,
    SessionMode Session,
    RouteEvents? Events,
    long MaxRequestBytes,
    TimeSpan Timeout,
    bool HoldsBeforeSession = false,
    bool HasTransforms = false,
    CountedFields? Counted = null)
{
    /// <summary>Where the session may be, on a route that requires one.</summary>
    public SessionSources Sources { get; init; } = SessionSources.BodyAlone;
}

/// <summary>Whether a route asks who is calling.</summary>
internal enum SessionMode
{
    /// <summary>A valid session or no access. The default of the chat system's own messages that have a session_id.</summary>
    Required,

    /// <summary>Open to everybody: registration, login. The sub-service is told no user id.</summary>
    Anonymous,
}
