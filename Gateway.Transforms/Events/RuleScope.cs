using Gateway.Transforms.Schema;
using Gateway.Transforms.Wire;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Gateway.Transforms.Events;

/// <summary>
/// What the rules of a route can name: <c>caller</c>, <c>request.path</c>, <c>answer.path</c>, <c>look-up.path</c>, and <c>user(...)</c>, whole or with a
/// path behind it. What they do name is added to what is read of the messages.
/// </summary>
internal sealed class RuleScope(MessageQuery request, MessageQuery answer, UserDetails? users, bool hasCaller)
{
    private const string Caller = "caller";
    private const string User = "user(";

    private static readonly FieldDescriptor AnyText = StringValue.Descriptor.FindFieldByNumber(StringValue.ValueFieldNumber);

    private readonly Dictionary<string, LookUp> _lookUps = new(StringComparer.Ordinal);

    public void Add(LookUp lookUp) => _lookUps.Add(lookUp.Name, lookUp);

    /// <summary>Finds what a text names; null, and what is wrong with it, when there is no such thing.</summary>
    public Reference? Find(string text, out string? problem)
    {
        problem = null;
        if (text == Caller)
        {
            problem = hasCaller ? null : "an anonymous route has no caller; set 'Session' to 'Required', or name a field";
            return hasCaller ? new CallerReference(AnyText) : null;
        }

        if (text.StartsWith(User, StringComparison.Ordinal))
        {
            return FindUser(text, out problem);
        }

        var dot = text.IndexOf('.', StringComparison.Ordinal);
        var source = dot < 0 ? text : text[..dot];
        var lookUp = _lookUps.GetValueOrDefault(source);
        var query = source switch
        {
            "request" => request,
            "answer" => answer,
            _ => lookUp?.Call.Answer,
        };
        if (text.StartsWith('$'))
        {
            problem = $"fields stand without '$' here; write '{text[1..]}'";
            return null;
        }

        if (query is null || dot < 0)
        {
            problem = $"'{text}' names nothing; write 'caller', 'user(...)', or a field as {string.Join(", ", _lookUps.Keys.Prepend("answer").Prepend("request").Select(name => $"'{name}.field'"))}";
            return null;
        }

        var path = FieldPath.Find(query.Type, text[(dot + 1)..], out problem);
        return path is null ? null : new FieldReference(
            lookUp?.Source ?? (query == request ? CallFacts.Request : CallFacts.Answer), query.Add(path), path, lookUp);
    }

    private UserReference? FindUser(string text, out string? problem)
    {
        var end = text.LastIndexOf(')');
        if (end < 0 || (end + 1 < text.Length && text[end + 1] != '.'))
        {
            problem = $"'{text}' has no end; write it as 'user(caller)' or 'user(request.field).field'";
            return null;
        }

        if (users is null)
        {
            problem = "nothing is known of users; set Gateway:UserDetails:Rpc to a method as GetMultiUserInfo or GetUserInfo";
            return null;
        }

        if (text.AsSpan(User.Length).StartsWith(User))
        {
            problem = $"'{text}' asks for a user of whom the user service has to be asked first; name a field of request or answer, or 'caller'";
            return null;
        }

        if (Find(text[User.Length..end], out problem) is not { } id)
        {
            return null;
        }

        if (id.IsList || id.Kind.FieldType != FieldType.String)
        {
            problem = $"'{text}' needs one user id, and '{text[User.Length..end]}' is {FieldPath.Describe(id.Kind)}; name a field that is a string";
            return null;
        }

        if (end + 1 == text.Length)
        {
            return new UserReference(id, users.Kind, -1);
        }

        var path = FieldPath.Find(users.Kind.MessageType, text[(end + 2)..], out problem);
        if (path?.Any(field => field.IsRepeated) == true)
        {
            problem = $"'{text}' is a list; name a field that has one value";
            return null;
        }

        return path is null ? null : new UserReference(id, path[^1], users.Details.Add(path));
    }
}
