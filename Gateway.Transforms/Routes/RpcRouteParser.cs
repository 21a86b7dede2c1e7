using System.Text.Json;
using Gateway.Transforms.Events;
using Gateway.Transforms.Schema;
using Gateway.Transforms.Wire;
using Google.Protobuf.Reflection;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Transforms.Routes;

/// <summary>Reads the <c>Rpc</c> transform of a route. Every mistake is one sentence that names the route, the value and the cure.</summary>
internal sealed class RpcRouteParser(
    RpcCatalogs catalogs, MessageFieldsParser messages, RuleParser rules, SessionSources sources, IOptions<RpcOptions> options, ICountedFields? counted = null)
{
    /// <summary>The <c>Rpc</c> transform of a route, or null when it is an ordinary proxy route.</summary>
    public static IReadOnlyDictionary<string, string>? FindTransform(RouteConfig route) =>
        route.Transforms?.FirstOrDefault(transform => transform.ContainsKey(TransformKeys.Rpc));

    /// <summary>Parses one route; null, and at least one sentence added to <paramref name="errors"/>, when it is wrong.</summary>
    public RpcRoute? Parse(RouteConfig route, IReadOnlyDictionary<string, string> transform, ICollection<string> errors)
    {
        var before = errors.Count;
        if (!catalogs.Of(route).TryFind(transform[TransformKeys.Rpc], out var method, out var problem))
        {
            errors.Add($"Route '{route.RouteId}': transform '{TransformKeys.Rpc}' {problem}.");
        }

        if (FindTransform(route) is { } first && !ReferenceEquals(first, transform))
        {
            errors.Add($"Route '{route.RouteId}' has a second transform '{TransformKeys.Rpc}', '{transform[TransformKeys.Rpc]}'; keep one of them.");
        }

        foreach (var key in transform.Keys.Except(TransformKeys.All, StringComparer.Ordinal))
        {
            var hint = NearestName.Of(key, TransformKeys.All) is { } nearest ? $"did you mean '{nearest}'? It knows" : "it knows";
            errors.Add($"Route '{route.RouteId}': transform '{TransformKeys.Rpc}' has no setting '{key}'; {hint} {string.Join(", ", TransformKeys.All.Skip(1))}.");
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

        var named = ParseSession(route, transform, errors);
        if (method is null)
        {
            return null;
        }

        var at = $"Route '{route.RouteId}'";
        var fields = messages.FindIds(at, method.InputType, transform, errors);
        var (envelope, success) = messages.FindEnvelope(at, method.OutputType, transform, errors);
        var from = ParseSources(at, transform, errors);
        var session = DecideSession(route, named, from, transform, method, fields, errors);
        var events = rules.Parse(at, route.RouteId, route.ClusterId ?? "", method, session == SessionMode.Required, success, transform, catalogs.Of(route), errors);
        var limitedBy = ParseCounted(route, method, errors);
        return errors.Count > before ? null : new RpcRoute(
            route.RouteId,
            '/' + transform[TransformKeys.Rpc],
            fields,
            envelope,
            session,
            events,
            route.MaxRequestBodySize ?? options.Value.DefaultMaxRequestBodySize,
            route.Timeout ?? options.Value.DefaultTimeout,
            session == SessionMode.Required && from.HasBody && LargeBeforeSession(method, fields) is not null,
            route.Transforms is { Count: > 1 },
            limitedBy)
        {
            Sources = from,
        };
    }

    private CountedFields? ParseCounted(RouteConfig route, MethodDescriptor method, ICollection<string> errors)
    {
        var query = new MessageQuery(method.InputType);
        var slots = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (limit, field) in counted?.Of(route) ?? [])
        {
            if (FieldPath.FindSingle(method.InputType, field, out var problem, FieldType.String, FieldType.Bytes) is { } path)
            {
                slots[field] = query.Add(path);
            }
            else
            {
                errors.Add($"Route '{route.RouteId}': the rate limit '{limit}' counts by the field '{field}', but {problem}.");
            }
        }

        return slots.Count == 0 ? null : new CountedFields(query, slots);
    }

    /// <summary>What <c>Gateway:Messages</c> names and no message of any route has, each by a sentence: a name that is misspelt for all routes.</summary>
    public IEnumerable<string> CheckNames(IEnumerable<RouteConfig> routes)
    {
        MethodDescriptor[] methods =
        [
            .. from route in routes
               let transform = FindTransform(route)
               where transform is not null
               let method = catalogs.Of(route).TryFind(transform[TransformKeys.Rpc], out var found, out _) ? found : null
               where method is not null
               select method,
        ];
        return methods.Length == 0 ? [] : messages.CheckNames([.. methods.Select(method => method.InputType).Distinct()], [.. methods.Select(method => method.OutputType).Distinct()]);
    }

    /// <summary>What is good to know of a route and no mistake, see <see cref="RouteChecks.FindNotes"/>.</summary>
    public IEnumerable<string> FindNotes(RouteConfig route)
    {
        if (FindTransform(route) is not { } transform
            || Parse(route, transform, []) is not { } rpc
            || !catalogs.Of(route).TryFind(transform[TransformKeys.Rpc], out var method, out _))
        {
            yield break;
        }

        if (rpc.HoldsBeforeSession && LargeBeforeSession(method!, rpc.Fields) is { } large)
        {
            yield return $"Route '{route.RouteId}' holds large requests before their sender is known: in '{large.ContainingType.Name}', '{large.Name}' comes before the session id. "
                + "Nothing to do, unless the message is yours: then give its session id a lower number (event 1005 in docs/log-events.md).";
        }

        if (rpc.Envelope is { Message: [], Code: [] })
        {
            yield return $"Route '{route.RouteId}' cannot say why a call failed: '{method!.OutputType.Name}' has no field '{messages.Message}'; name one in '{TransformKeys.Envelope}'.";
        }
    }

    /// <summary>The first field that may be large and that serializers write before the session id; null where none is.</summary>
    private static FieldDescriptor? LargeBeforeSession(MethodDescriptor method, MessageFields fields) =>
        method.InputType.Fields.InFieldNumberOrder().TakeWhile(field => field.FieldNumber < fields.OuterSessionId).FirstOrDefault(MayBeLarge);

    private static bool MayBeLarge(FieldDescriptor field) => field.IsRepeated || field.FieldType is FieldType.Bytes or FieldType.Message or FieldType.Group;

    /// <summary>What the route says; null where it says nothing.</summary>
    private static SessionMode? ParseSession(RouteConfig route, IReadOnlyDictionary<string, string> transform, ICollection<string> errors)
    {
        switch (transform.GetValueOrDefault(TransformKeys.Session))
        {
            case nameof(SessionMode.Required):
                return SessionMode.Required;
            case nameof(SessionMode.Anonymous):
                return SessionMode.Anonymous;
            case null:
                return null;
            case var text:
                errors.Add($"Route '{route.RouteId}': transform '{TransformKeys.Session}' is '{text}'; "
                    + $"use '{nameof(SessionMode.Required)}' or '{nameof(SessionMode.Anonymous)}'.");
                return SessionMode.Anonymous;
        }
    }

    /// <summary>What the route says, or what holds for all.</summary>
    private SessionSources ParseSources(string at, IReadOnlyDictionary<string, string> transform, ICollection<string> errors)
    {
        if (!NestedSettings.TryRead(at, TransformKeys.SessionSources, transform, JsonValueKind.Array, errors, out var list))
        {
            return sources;
        }

        if (list.GetArrayLength() == 0)
        {
            errors.Add($"{at}: {TransformKeys.SessionSources} is empty; name at least one, or leave it out.");
        }

        return SessionSources.Parse($"{at}: {TransformKeys.SessionSources}", list.EnumerateArray().Select(item => item.ToString()), errors);
    }

    private SessionMode DecideSession(
        RouteConfig route, SessionMode? named, SessionSources from, IReadOnlyDictionary<string, string> transform, MethodDescriptor method, MessageFields fields, ICollection<string> errors)
    {
        var isNowhere = transform.GetValueOrDefault(TransformKeys.SessionId) is "";
        // Messages of others may spell their fields in another way, and so may a setting: what is not found there says nothing.
        var says = RpcCatalog.IsBuiltIn(method) && !isNowhere && (messages.IsSessionOfContract || fields.OuterSessionId != 0);
        if (named is null && !says)
        {
            errors.Add($"Route '{route.RouteId}': transform '{TransformKeys.Session}' is missing, and "
                + (isNowhere ? $"'{TransformKeys.SessionId}' is ''; "
                    : RpcCatalog.IsBuiltIn(method) ? $"'{method.InputType.Name}' has no field '{messages.SessionId}'; " : $"'{transform[TransformKeys.Rpc]}' comes from a descriptor set; ")
                + $"set it to '{nameof(SessionMode.Required)}', or to '{nameof(SessionMode.Anonymous)}' if everybody may call it.");
            return SessionMode.Required;
        }

        var mode = named ?? (fields.OuterSessionId == 0 ? SessionMode.Anonymous : SessionMode.Required);
        if (mode == SessionMode.Required)
        {
            // A field that the route itself names has been told of already.
            if (fields.OuterSessionId == 0 && from.Outside.Count == 0 && transform.GetValueOrDefault(TransformKeys.SessionId) is not { Length: > 0 })
            {
                Missing("session id", messages.SessionId, TransformKeys.SessionId, $"or use '{TransformKeys.Session}': '{nameof(SessionMode.Anonymous)}'");
            }
            else if (fields.OuterUserId == 0 && messages.FindUserId(method.InputType) is { } open)
            {
                errors.Add($"Route '{route.RouteId}': '{TransformKeys.UserId}' is '{transform.GetValueOrDefault(TransformKeys.UserId)}', but {method.InputType.Name} has a field '{open}', and what a client writes there would reach the sub-service "
                    + $"as its caller; name the field that takes the caller's id, or leave '{TransformKeys.UserId}' out.");
            }
            else if (fields.OuterUserId == 0 && !transform.ContainsKey(TransformKeys.UserId) && messages.UserId.Length > 0 && options.Value.UserIdHeader.Length == 0)
            {
                Missing("user id", messages.UserId, TransformKeys.UserId, "or '' if the sub-service need not know who calls");
            }

            if (RpcCatalog.IsBuiltIn(method) && catalogs.Of(route).FindRenumberedRequest(transform[TransformKeys.Rpc]) is { } renumbered)
            {
                errors.Add($"Route '{route.RouteId}': '{method.InputType.Name}' would be read as it is built in, but a descriptor set numbers '{renumbered.Name}' in another way, so the user id may stand elsewhere; "
                    + $"add '{transform[TransformKeys.Rpc]}' to the descriptor set.");
            }
        }

        return mode;

        void Missing(string what, string name, string key, string cure) => errors.Add(
            $"Route '{route.RouteId}': transform '{TransformKeys.Session}' is '{nameof(SessionMode.Required)}', but the request message "
            + $"'{method.InputType.Name}' has no string field '{name}'; name the field of the {what} in '{key}', {cure}.");
    }
}
