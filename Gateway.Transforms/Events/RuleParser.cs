using System.Text.Json;
using Gateway.Transforms.Schema;
using Gateway.Transforms.Wire;
using Google.Protobuf.Reflection;
using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Events;

/// <summary>
/// Reads what a route says of events: <c>Ask</c>, <c>Succeeded</c>, <c>Notify</c> and <c>Reply</c>, checked against the messages of its RPC. Every
/// mistake is one sentence that names the place, the value and the cure.
/// </summary>
internal sealed class RuleParser(IOptions<EventOptions> options, IOptions<UserDetailsOptions> userDetails, MessageFieldsParser messages)
{
    private const string NotForDeciding = "details of users are for showing, not for deciding; name a field of request or answer";

    private static readonly string[] OnlyForEvents = [TransformKeys.Ask, TransformKeys.Succeeded];
    public static readonly string[] LookUpNames = ["ClusterId", "Rpc", "Set"];
    public static readonly string[] RuleNames = ["To", "Except", "When", "Set"];
    public static readonly string[] ReplyNames = ["Clear", "Keep"];
    private static readonly string[] NoNames = ["request", "answer", "caller", "user"];

    private readonly TemplateParser _templates = new(options);

    /// <param name="route">Names the route at the beginning of each sentence.</param>
    /// <param name="routeId">The route.</param>
    /// <param name="clusterId">Its cluster, which answers look-ups that name none.</param>
    /// <param name="method">Its RPC.</param>
    /// <param name="hasCaller">Whether a session is required.</param>
    /// <param name="success">The field of the answer that says whether the call succeeded; null where there is none.</param>
    /// <param name="settings">The transform.</param>
    /// <param name="catalog">The messages and RPCs there are.</param>
    /// <param name="errors">Takes the mistakes.</param>
    /// <returns>Null for a route without events, and for one with a mistake.</returns>
    public RouteEvents? Parse(
        string route, string routeId, string clusterId, MethodDescriptor method, bool hasCaller, string? success, IReadOnlyDictionary<string, string> settings, RpcCatalog catalog, ICollection<string> errors)
    {
        var before = errors.Count;
        if (!settings.ContainsKey(TransformKeys.Notify) && !settings.ContainsKey(TransformKeys.Reply))
        {
            foreach (var key in OnlyForEvents.Where(settings.ContainsKey))
            {
                errors.Add($"{route}: transform '{key}' is for events, and there are none; add '{TransformKeys.Notify}', or take '{key}' out.");
            }

            return null;
        }

        if (_templates.FindEvent(catalog, errors) is not { } pushed)
        {
            return null;
        }

        var (request, answer) = (new MessageQuery(method.InputType), new MessageQuery(method.OutputType));
        var users = FindUsers(catalog);
        var scope = new RuleScope(request, answer, users, hasCaller);
        var lookUps = ParseLookUps(route, clusterId, settings, scope, catalog, errors);
        foreach (var lookUp in lookUps)
        {
            scope.Add(lookUp);
        }

        var succeeded = ParseSuccess(route, method, success, settings, scope, errors);
        List<EventRule> rules = [];
        foreach (var (at, rule) in NestedSettings.Items(route, TransformKeys.Notify, settings, errors))
        {
            if (ParseRule(at, routeId, rule, pushed, scope, errors) is { } parsed)
            {
                rules.Add(parsed);
            }
        }

        var reply = ParseReply(route, method.OutputType, settings, errors);
        return errors.Count > before ? null : new RouteEvents(
            request, answer, succeeded!, rules, lookUps, rules.Any(rule => rule.Users.Count > 0) ? users : null, reply);
    }

    private UserDetails? FindUsers(RpcCatalog catalog)
    {
        var named = userDetails.Value;
        if (named.Rpc.Length > 0)
        {
            return catalog.TryFind(named.Rpc, out var method, out _) ? UserDetails.Of(named, method, null, messages.FindRequestId(method!.InputType), messages.FindSuccess(method.OutputType)) : null;
        }

        // What details look like is known, where nobody is asked for them.
        return catalog.TryFind("UserService/GetUserInfo", out var known, out _) ? UserDetails.Of(named, null, known!.OutputType.FindFieldByName("user_info"), null, null) : null;
    }

    private Condition? ParseSuccess(
        string route, MethodDescriptor method, string? success, IReadOnlyDictionary<string, string> settings, RuleScope scope, ICollection<string> errors)
    {
        if (!settings.TryGetValue(TransformKeys.Succeeded, out var text))
        {
            if (!settings.ContainsKey(TransformKeys.Notify))
            {
                // Nobody is told anything, whatever the answer.
                return new AllOf([]);
            }

            if (success is null)
            {
                errors.Add($"{route}: {method.OutputType.Name} has no boolean field '{messages.Success}'; name it in '{TransformKeys.Envelope}:Success', or say in '{TransformKeys.Succeeded}' which answers are good, as \"answer.code == 0\".");
                return null;
            }

            text = $"answer.{success}";
        }

        return ParseCondition($"{route}: {TransformKeys.Succeeded}", text, scope, mayAsk: false, errors);
    }

    private static Condition? ParseCondition(string at, string text, RuleScope scope, bool mayAsk, ICollection<string> errors)
    {
        var condition = ConditionParser.Parse(text, scope, out var problem);
        if (condition is not null && condition.References.Any(value => value.Users.Any()))
        {
            problem = NotForDeciding;
        }
        else if (condition is not null && !mayAsk && condition.References.Any(value => value.LookUps.Any()))
        {
            problem = "nobody is asked before it is known whether the call has succeeded; name a field of request or answer";
        }

        if (problem is not null)
        {
            errors.Add($"{at} is \"{text}\", but {problem}.");
        }

        return problem is null ? condition : null;
    }

    private List<LookUp> ParseLookUps(
        string route, string clusterId, IReadOnlyDictionary<string, string> settings, RuleScope scope, RpcCatalog catalog, ICollection<string> errors)
    {
        List<LookUp> lookUps = [];
        if (!NestedSettings.TryRead(route, TransformKeys.Ask, settings, JsonValueKind.Object, errors, out var asked))
        {
            return lookUps;
        }

        foreach (var one in asked.EnumerateObject())
        {
            var at = $"{route}: {TransformKeys.Ask}:{one.Name}";
            var before = errors.Count;
            if (one.Name.Length == 0 || NoNames.Contains(one.Name) || !one.Name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') || !char.IsAsciiLetter(one.Name[0]))
            {
                errors.Add($"{at}: '{one.Name}' cannot be the name of a look-up; use letters and digits, and none of {string.Join(", ", NoNames)}.");
            }

            if (!NestedSettings.CheckNames(at, one.Value, LookUpNames, errors))
            {
                continue;
            }

            var rpc = NestedSettings.TextOf(at, one.Value, "Rpc", errors);
            var named = NestedSettings.TextOf(at, one.Value, "ClusterId", errors);
            if (!catalog.TryFind(rpc, out var method, out var problem))
            {
                errors.Add($"{at}:Rpc {problem}.");
                continue;
            }

            var template = _templates.Parse($"{at}:Set", one.Value, method!.InputType, scope, isEvent: false, out _, errors);
            if (errors.Count == before)
            {
                var call = LookUpCall.Of(named.Length > 0 ? named : clusterId, rpc, new MessageQuery(method.OutputType), messages.FindSuccess(method.OutputType));
                lookUps.Add(new LookUp(one.Name, CallFacts.FirstLookUp + lookUps.Count, template, call));
            }
        }

        return lookUps;
    }

    private EventRule? ParseRule(string at, string routeId, JsonElement rule, MessageDescriptor pushed, RuleScope scope, ICollection<string> errors)
    {
        if (!NestedSettings.CheckNames(at, rule, RuleNames, errors))
        {
            return null;
        }

        var before = errors.Count;
        var to = ParseRecipients($"{at}:To", rule, "To", scope, errors);
        var except = ParseRecipients($"{at}:Except", rule, "Except", scope, errors);
        if (to.Count == 0 && errors.Count == before)
        {
            errors.Add($"{at} has no 'To'; name who is told, as \"request.user_id\" or \"caller\".");
        }

        var when = NestedSettings.TextOf(at, rule, "When", errors) is { Length: > 0 } text ? ParseCondition($"{at}:When", text, scope, mayAsk: true, errors) : null;
        var message = _templates.Parse($"{at}:Set", rule, pushed, scope, isEvent: true, out var type, errors);
        return errors.Count > before ? null : new EventRule(type ?? routeId, when, to, except, message);
    }

    private static List<Reference> ParseRecipients(string at, JsonElement rule, string key, RuleScope scope, ICollection<string> errors)
    {
        List<Reference> recipients = [];
        foreach (var text in NestedSettings.TextsOf(rule, key))
        {
            var found = scope.Find(text, out var problem);
            if (found?.Users.Any() == true)
            {
                problem = NotForDeciding;
            }
            else if (found is not null && found.Kind.FieldType != FieldType.String)
            {
                problem = $"that is {FieldPath.Describe(found.Kind)}; recipients are user ids, so name a field that is a string or a list of strings";
            }

            if (problem is not null)
            {
                errors.Add($"{at} is '{text}', but {problem}.");
            }
            else
            {
                recipients.Add(found!);
            }
        }

        return recipients;
    }

    private static ReplyFields? ParseReply(string route, MessageDescriptor answer, IReadOnlyDictionary<string, string> settings, ICollection<string> errors)
    {
        if (!NestedSettings.TryRead(route, TransformKeys.Reply, settings, JsonValueKind.Object, errors, out var reply)
            || !NestedSettings.CheckNames($"{route}: {TransformKeys.Reply}", reply, ReplyNames, errors))
        {
            return null;
        }

        string[] keys = [.. reply.EnumerateObject().Select(one => one.Name)];
        if (keys.Length != 1)
        {
            errors.Add($"{route}: {TransformKeys.Reply} needs either 'Clear', with the fields the client is not to read, or 'Keep', with those it is to.");
            return null;
        }

        var numbers = new HashSet<int>();
        foreach (var name in NestedSettings.TextsOf(reply, keys[0]))
        {
            if (FieldPath.Find(answer, name, out var problem) is { Count: 1 } path)
            {
                numbers.Add(path[0].FieldNumber);
            }
            else
            {
                errors.Add($"{route}: {TransformKeys.Reply}:{keys[0]} is '{name}', but {problem ?? $"only whole fields of {answer.Name} can be taken out; name one without '.'"}.");
            }
        }

        return new ReplyFields(numbers, keys[0] == "Keep");
    }
}
