using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Transforms.Rpc;
using Gateway.Transforms.Wire;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
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

        if (FindPushed(catalog, errors) is not { } pushed)
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

    /// <summary>The event that an operator sends to try a socket; null where there is none, and where it has a mistake.</summary>
    /// <param name="catalog">The messages there are.</param>
    /// <param name="errors">Takes the mistakes.</param>
    /// <returns>What it is called in metrics and logs, and its bytes.</returns>
    public (string Type, byte[] Bytes)? ParseTest(RpcCatalog catalog, ICollection<string> errors)
    {
        const string At = $"{EventOptions.SectionName}:{nameof(EventOptions.Test)}";
        if (options.Value.Test.Count == 0 || FindPushed(catalog, errors) is not { } pushed)
        {
            return null;
        }

        var before = errors.Count;
        var set = new JsonObject(options.Value.Test.Select(field => KeyValuePair.Create(field.Key, (JsonNode?)JsonValue.Create(field.Value))));
        // Nobody calls, so there is nothing that could be taken from a call.
        var nothing = new MessageQuery(Empty.Descriptor);
        var template = ParseTemplate(At, JsonElement.Parse(new JsonObject { ["Set"] = set }.ToJsonString()), pushed, new RuleScope(nothing, nothing, null, hasCaller: false), isEvent: true, out var type, errors);
        if (errors.Count > before)
        {
            return null;
        }

        var facts = new CallFacts("", [], null);
        var (length, sizes) = template.Measure(facts);
        var bytes = new byte[length];
        template.Write(facts, sizes, bytes);
        return (type ?? "test", bytes);
    }

    private MessageDescriptor? FindPushed(RpcCatalog catalog, ICollection<string> errors)
    {
        var pushed = catalog.FindMessage(options.Value.Message);
        if (pushed is null)
        {
            errors.Add($"{EventOptions.SectionName}:{nameof(EventOptions.Message)} is '{options.Value.Message}', which is no message; name one of the built-in files or of a descriptor set.");
        }

        return pushed;
    }

    private UserLookUp? FindUsers(RpcCatalog catalog)
    {
        var named = userDetails.Value;
        if (named.Rpc.Length > 0)
        {
            return catalog.TryFind(named.Rpc, out var method, out _) ? UserLookUp.Of(named, method, null, messages.FindRequestId(method!.InputType), messages.FindSuccess(method.OutputType)) : null;
        }

        // What details look like is known, where nobody is asked for them.
        return catalog.TryFind("UserService/GetUserInfo", out var known, out _) ? UserLookUp.Of(named, null, known!.OutputType.FindFieldByName("user_info"), null, null) : null;
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

            var template = ParseTemplate($"{at}:Set", one.Value, method!.InputType, scope, isEvent: false, out _, errors);
            if (errors.Count == before)
            {
                var answer = new MessageQuery(method.OutputType);
                var source = 2 + lookUps.Count;
                var success = messages.FindSuccess(method.OutputType) is { } path
                    ? new IsSet(new FieldReference(source, answer.Add(path), path, null))
                    : null;
                lookUps.Add(new LookUp(one.Name, source, named.Length > 0 ? named : clusterId, rpc, template, answer, success));
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
        var message = ParseTemplate($"{at}:Set", rule, pushed, scope, isEvent: true, out var type, errors);
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

    private MessageTemplate ParseTemplate(
        string at, JsonElement owner, MessageDescriptor target, RuleScope scope, bool isEvent, out string? type, ICollection<string> errors)
    {
        type = null;
        var template = new MessageTemplate();
        if (!owner.TryGetProperty("Set", out var set) || set.ValueKind != JsonValueKind.Object || !set.EnumerateObject().Any())
        {
            errors.Add($"{at} is missing; say there which fields of {target.Name} have which values.");
            return template;
        }

        List<(string Name, IReadOnlyList<FieldDescriptor> Path)> others = [];
        foreach (var field in set.EnumerateObject())
        {
            var text = field.Value.ToString();
            if (FieldPath.Find(target, field.Name, out var problem) is { } path)
            {
                problem = !NestedSettings.IsSingle(field.Value)
                    ? "that is no single value; write one text or number, and a field within it by its path"
                    : others.Select(other => Conflict(other.Name, other.Path, path)).FirstOrDefault(conflict => conflict is not null) is { } conflict
                    ? conflict
                    : path.SkipLast(1).FirstOrDefault(step => step.IsRepeated) is { } list
                    ? $"'{list.Name}' is {FieldPath.Describe(list)}, so it is not known which one; set the whole list"
                    : SetField(template, path, text, scope, out problem) ? null : problem;
                if (path is [{ FieldType: FieldType.Enum, IsRepeated: false }] && !text.StartsWith('$'))
                {
                    type ??= text;
                }

                others.Add((field.Name, path));
            }

            if (problem is null && !isEvent && template.References.Any(value => value.Users.Any()))
            {
                problem = "details of users are shown in events only; name a field of request or answer";
            }

            if (problem is not null)
            {
                errors.Add($"{at}:{field.Name} is '{text}', but {problem}.");
            }
        }

        return template;
    }

    /// <summary>Why a field cannot be set beside another, by whatever names the two are called; null where it can.</summary>
    private static string? Conflict(string name, IReadOnlyList<FieldDescriptor> other, IReadOnlyList<FieldDescriptor> path)
    {
        var same = other.Zip(path).TakeWhile(step => step.First == step.Second).Count();
        return same == path.Count ? $"'{name}' is set {(other.Count == same ? "as well, which is the same field" : "within it")}; keep one of them"
            : same == other.Count ? $"'{name}' is set as a whole; keep one of them"
            : path[same].RealContainingOneof is { } choice && choice == other[same].RealContainingOneof
                ? $"'{name}' is set, and of the oneof '{choice.Name}' only one can be there; keep one of them"
            : null;
    }

    private bool SetField(MessageTemplate template, IReadOnlyList<FieldDescriptor> path, string text, RuleScope scope, out string? problem)
    {
        var field = path[^1];
        if (!text.StartsWith('$') || text.StartsWith("$$", StringComparison.Ordinal))
        {
            var constant = Constants.Encode(field, text.StartsWith('$') ? text[1..] : text, options.Value.ExplicitDefaults, out problem);
            if (constant is not null)
            {
                template.Set(path, constant);
            }

            return constant is not null;
        }

        if (scope.Find(text[1..], out problem) is not { } value)
        {
            return false;
        }

        problem = Mismatch(field, value);
        if (problem is null)
        {
            template.Set(path, value);
        }

        return problem is null;
    }

    private static string? Mismatch(FieldDescriptor field, Reference value)
    {
        var kind = value.Kind;
        var isSame = field.IsMap == kind.IsMap && (field.IsMap ? SameMap(field, kind) : SameKind(field, kind));
        return !isSame ? $"that is {FieldPath.Describe(kind)}, and '{field.Name}' of {field.ContainingType.Name} is {FieldPath.Describe(field)}{(FieldPath.Describe(kind) == FieldPath.Describe(field) ? " with other fields, of another file" : "")}; name a field of the same kind"
            : value.IsList && !field.IsRepeated ? $"that is a list, and '{field.Name}' of {field.ContainingType.Name} has one value; name a field with one value"
            : null;
    }

    private static bool SameMap(FieldDescriptor a, FieldDescriptor b) =>
        SameKind(a.MessageType.FindFieldByNumber(1), b.MessageType.FindFieldByNumber(1)) && SameKind(a.MessageType.FindFieldByNumber(2), b.MessageType.FindFieldByNumber(2));

    private static bool SameKind(FieldDescriptor a, FieldDescriptor b) =>
        a.FieldType == b.FieldType && SameType(a, b, []);

    private static bool SameType(FieldDescriptor a, FieldDescriptor b, HashSet<MessageDescriptor> seen) => a.FieldType switch
    {
        FieldType.Message => SameMessage(a.MessageType, b.MessageType, seen),
        FieldType.Enum => a.EnumType.Values.All(value => (b.EnumType.FindValueByName(value.Name)?.Number ?? value.Number) == value.Number),
        _ => true,
    };

    /// <summary>Files may name one message in packages of their own, and one of them may know fields that the other does not. What both know has to be the same.</summary>
    private static bool SameMessage(MessageDescriptor a, MessageDescriptor b, HashSet<MessageDescriptor> seen) =>
        a == b || !seen.Add(a) || (a.Name == b.Name && a.Fields.InDeclarationOrder().All(field =>
            b.FindFieldByNumber(field.FieldNumber) is not { } other
                ? b.FindFieldByName(field.Name) is null
                : (field.Name, field.FieldType, field.IsRepeated) == (other.Name, other.FieldType, other.IsRepeated)
                    && SameType(field, other, seen)));

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
