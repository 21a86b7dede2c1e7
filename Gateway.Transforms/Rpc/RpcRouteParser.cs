using Gateway.Transforms.Events;
using Gateway.Transforms.Wire;
using Google.Protobuf.Reflection;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Transforms.Rpc;

/// <summary>Reads the <c>Rpc</c> transform of a route. Every mistake is one sentence that names the route, the value and the cure.</summary>
internal sealed class RpcRouteParser(RpcCatalogs catalogs, RuleParser rules, IOptions<RpcOptions> options)
{
    public const string RpcKey = "Rpc";
    public const string SessionKey = "Session";

    /// <summary>What may stand beside each other in the transform.</summary>
    public static readonly string[] Keys = [RpcKey, SessionKey, RuleSettings.Ask, RuleSettings.Succeeded, RuleSettings.Notify, RuleSettings.Reply];

    /// <summary>The <c>Rpc</c> transform of a route, or null when it is an ordinary proxy route.</summary>
    public static IReadOnlyDictionary<string, string>? FindTransform(RouteConfig route) =>
        route.Transforms?.FirstOrDefault(transform => transform.ContainsKey(RpcKey));

    /// <summary>Parses one route; null, and at least one sentence added to <paramref name="errors"/>, when it is wrong.</summary>
    public RpcRoute? Parse(RouteConfig route, IReadOnlyDictionary<string, string> transform, ICollection<string> errors)
    {
        var before = errors.Count;
        if (!catalogs.Of(route).TryFind(transform[RpcKey], out var method, out var problem))
        {
            errors.Add($"Route '{route.RouteId}': transform '{RpcKey}' {problem}.");
        }

        if (FindTransform(route) is { } first && !ReferenceEquals(first, transform))
        {
            errors.Add($"Route '{route.RouteId}' has a second transform '{RpcKey}', '{transform[RpcKey]}'; keep one of them.");
        }

        foreach (var key in transform.Keys.Except(Keys, StringComparer.Ordinal))
        {
            var hint = NearestName.Of(key, Keys) is { } nearest ? $"did you mean '{nearest}'? It knows" : "it knows";
            errors.Add($"Route '{route.RouteId}': transform '{RpcKey}' has no setting '{key}'; {hint} {string.Join(", ", Keys.Skip(1))}.");
        }

        if (route.TimeoutPolicy is not null)
        {
            errors.Add($"Route '{route.RouteId}': TimeoutPolicy is '{route.TimeoutPolicy}'; an RPC route needs its time in 'Timeout'.");
        }

        if (route.Timeout is { } timeout && (timeout < RpcOptionsValidator.MinTimeout || timeout > RpcOptionsValidator.MaxTimeout))
        {
            errors.Add($"Route '{route.RouteId}': Timeout is '{timeout}'; "
                + $"use '{RpcOptionsValidator.MinTimeout}' to '{RpcOptionsValidator.MaxTimeout}'.");
        }

        if (route.MaxRequestBodySize is { } size and (< 1 or > RpcOptionsValidator.Gibibyte))
        {
            errors.Add($"Route '{route.RouteId}': MaxRequestBodySize is {size}; use 1 to {RpcOptionsValidator.Gibibyte} bytes.");
        }

        var fields = method is null ? default : MessageFields.Of(method.InputType);
        var session = ParseSession(route, transform, method, fields, errors);
        var events = method is null ? null : rules.Parse(
            $"Route '{route.RouteId}'", route.RouteId, route.ClusterId ?? "", method, session == SessionMode.Required, transform, catalogs.Of(route), errors);
        return errors.Count > before ? null : new RpcRoute(
            route.RouteId,
            '/' + transform[RpcKey],
            fields,
            session,
            events,
            route.MaxRequestBodySize ?? options.Value.DefaultMaxRequestBodySize,
            route.Timeout ?? options.Value.DefaultTimeout,
            session == SessionMode.Required && LargeBeforeSession(method!, fields) is not null);
    }

    /// <summary>The first field that may be large and that serializers write before the session id; null where none is, or nobody asks for a session.</summary>
    public FieldDescriptor? FindLargeBeforeSession(RouteConfig route) =>
        FindTransform(route) is { } transform
        && Parse(route, transform, []) is { Session: SessionMode.Required } rpc
        && catalogs.Of(route).TryFind(transform[RpcKey], out var method, out _)
            ? LargeBeforeSession(method!, rpc.Fields)
            : null;

    private static FieldDescriptor? LargeBeforeSession(MethodDescriptor method, MessageFields fields) =>
        method.InputType.Fields.InFieldNumberOrder().TakeWhile(field => field.FieldNumber < fields.SessionId).FirstOrDefault(MayBeLarge);

    private static bool MayBeLarge(FieldDescriptor field) => field.IsRepeated || field.FieldType is FieldType.Bytes or FieldType.Message or FieldType.Group;

    private static SessionMode ParseSession(
        RouteConfig route, IReadOnlyDictionary<string, string> transform, MethodDescriptor? method, MessageFields fields, ICollection<string> errors)
    {
        SessionMode? named = transform.GetValueOrDefault(SessionKey) switch
        {
            nameof(SessionMode.Required) => SessionMode.Required,
            nameof(SessionMode.Anonymous) => SessionMode.Anonymous,
            _ => null,
        };
        if (named is null && transform.TryGetValue(SessionKey, out var text))
        {
            errors.Add($"Route '{route.RouteId}': transform '{SessionKey}' is '{text}'; "
                + $"use '{nameof(SessionMode.Required)}' or '{nameof(SessionMode.Anonymous)}'.");
            return SessionMode.Required;
        }

        // A message of others may spell its fields in another way, so what is left out there says nothing.
        if (named is null && method is not null && !RpcCatalog.IsBuiltIn(method))
        {
            errors.Add($"Route '{route.RouteId}': transform '{SessionKey}' is missing, and '{transform[RpcKey]}' comes from a descriptor set; "
                + $"set it to '{nameof(SessionMode.Required)}', or to '{nameof(SessionMode.Anonymous)}' if everybody may call it.");
            return SessionMode.Required;
        }

        var isOpen = method is not null && fields.SessionId == 0;
        var mode = named ?? (isOpen ? SessionMode.Anonymous : SessionMode.Required);
        if (method is not null && mode == SessionMode.Required && (fields.SessionId == 0 || fields.UserId == 0))
        {
            var missing = fields.SessionId == 0 ? "session_id" : "user_id";
            errors.Add($"Route '{route.RouteId}': transform '{SessionKey}' is '{nameof(SessionMode.Required)}', but the request message "
                + $"'{method.InputType.Name}' has no string field '{missing}'; use '{nameof(SessionMode.Anonymous)}' or another RPC.");
        }

        return mode;
    }
}
