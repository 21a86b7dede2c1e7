using System.Text.Json;
using Gateway.Transforms.Schema;
using Google.Protobuf.Reflection;
using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Events;

/// <summary>Reads what a rule or a look-up sets (<c>Set</c>): which fields of a message have which constants, or values of the call.</summary>
internal sealed class TemplateParser(IOptions<EventOptions> options)
{
    /// <summary>The message that events are; null, and a sentence, where there is none of that name.</summary>
    public MessageDescriptor? FindEvent(RpcCatalog catalog, ICollection<string> errors)
    {
        var pushed = catalog.FindMessage(options.Value.Message);
        if (pushed is null)
        {
            errors.Add($"{EventOptions.SectionName}:{nameof(EventOptions.Message)} is '{options.Value.Message}', which is no message; name one of the built-in files or of a descriptor set.");
        }

        return pushed;
    }

    /// <param name="at">Names the place at the beginning of each sentence.</param>
    /// <param name="owner">The settings that have <c>Set</c> in them.</param>
    /// <param name="target">The message that is made.</param>
    /// <param name="scope">What values can be taken from.</param>
    /// <param name="isEvent">Whether it goes to clients, and may show details of users.</param>
    /// <param name="type">What an event is called in metrics and logs: the first constant of an enum; null where none is set.</param>
    /// <param name="errors">Takes the mistakes.</param>
    public MessageTemplate Parse(
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
        var isSame = FieldKind.IsSame(field, kind);
        return !isSame ? $"that is {FieldPath.Describe(kind)}, and '{field.Name}' of {field.ContainingType.Name} is {FieldPath.Describe(field)}{(FieldPath.Describe(kind) == FieldPath.Describe(field) ? " with other fields, of another file" : "")}; name a field of the same kind"
            : value.IsList && !field.IsRepeated ? $"that is a list, and '{field.Name}' of {field.ContainingType.Name} has one value; name a field with one value"
            : null;
    }
}
