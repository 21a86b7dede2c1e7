using System.Globalization;
using Google.Protobuf.Reflection;

namespace Gateway.Transforms.Schema;

/// <summary>Paths of configuration, as <c>header.session_id</c>: names or numbers of fields, from the outermost message inwards.</summary>
internal static class FieldPath
{
    /// <summary>The fields of a path; null, and what is wrong, when there is no such path.</summary>
    public static IReadOnlyList<FieldDescriptor>? Find(MessageDescriptor type, string text, out string? problem)
    {
        var path = new List<FieldDescriptor>();
        foreach (var name in text.Split('.'))
        {
            if (path.Count > 0 && (path[^1].FieldType != FieldType.Message || path[^1].IsMap))
            {
                problem = $"'{path[^1].Name}' of {path[^1].ContainingType.Name} is {Describe(path[^1])}, which has no fields to name";
                return null;
            }

            var message = path.Count == 0 ? type : path[^1].MessageType;
            var isNumber = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
            var field = isNumber ? message.FindFieldByNumber(number) : message.FindFieldByName(name);
            if (field is null)
            {
                string[] names = [.. message.Fields.InDeclarationOrder().Select(known => known.Name)];
                var hint = !isNumber && NearestName.Of(name, names) is { } nearest ? $"did you mean '{nearest}'? It has" : "it has";
                problem = $"{message.Name} has no field '{name}'; {hint} {string.Join(", ", names)}";
                return null;
            }

            if (field.FieldType == FieldType.Group)
            {
                problem = $"'{name}' of {message.Name} is a group, which cannot be read; name another field";
                return null;
            }

            path.Add(field);
        }

        problem = null;
        return path;
    }

    /// <summary>The same for a field that a message has once, of certain types: neither it nor a message on the way is a list or one of several (<c>oneof</c>).</summary>
    public static IReadOnlyList<FieldDescriptor>? FindSingle(MessageDescriptor type, string text, out string? problem, params ReadOnlySpan<FieldType> types)
    {
        if (Find(type, text, out problem) is not { } path)
        {
            return null;
        }

        problem = path.FirstOrDefault(field => field.IsRepeated) is { } list
            ? $"'{list.Name}' of {list.ContainingType.Name} is {Describe(list)}; name a field that is there once"
            : path.FirstOrDefault(field => field.RealContainingOneof is not null) is { } one
            ? $"'{one.Name}' of {one.ContainingType.Name} belongs to the oneof '{one.RealContainingOneof.Name}', where another field can take its place; name a field outside of it"
            : !types.Contains(path[^1].FieldType)
            ? $"'{path[^1].Name}' of {path[^1].ContainingType.Name} is {Describe(path[^1])}; name a field that is {string.Join(" or ", types.ToArray().Select(type => WithArticle(NameOf(type))))}"
            : null;
        return problem is null ? path : null;
    }

    /// <summary>What a field is, in a few words.</summary>
    public static string Describe(FieldDescriptor field) =>
        field.IsMap ? "a map" : field.IsRepeated ? $"a list of {NameOf(field)}" : WithArticle(NameOf(field));

    private static string NameOf(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message => field.MessageType.Name,
        FieldType.Enum => field.EnumType.Name,
        var type => NameOf(type),
    };

    private static string WithArticle(string name) => ("aeioAEIO".Contains(name[0], StringComparison.Ordinal) ? "an " : "a ") + name;

    private static string NameOf(FieldType type) => type.ToString().ToLowerInvariant();
}
