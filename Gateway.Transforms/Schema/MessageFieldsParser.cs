using System.Text.Json;
using Gateway.Transforms.Wire;
using Google.Protobuf.Reflection;
using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Schema;

/// <summary>
/// Finds the fields of ids and errors in the messages of an RPC. What a route names has to be there; of what <c>Gateway:Messages</c> names for all
/// routes, a message has what it has.
/// </summary>
internal sealed class MessageFieldsParser(IOptions<MessageOptions> options)
{
    private static readonly FieldType[] CodeTypes = [FieldType.String, FieldType.Int32, FieldType.Int64, FieldType.UInt32, FieldType.UInt64];

    public static readonly string[] EnvelopeNames =
        [nameof(EnvelopeOptions.RequestId), nameof(EnvelopeOptions.Success), nameof(EnvelopeOptions.Message), nameof(EnvelopeOptions.Code)];

    /// <summary>Whether the session id is called as in the contract. Only then a message of the contract that has none is open to everybody.</summary>
    public bool IsSessionOfContract => options.Value.SessionId == MessageOptions.DefaultSessionId;

    /// <summary>What the session id is called where a route does not say.</summary>
    public string SessionId => options.Value.SessionId;

    /// <summary>What the user id is called where a route does not say; empty for none.</summary>
    public string UserId => options.Value.UserId;

    /// <summary>What the boolean is called that says whether a call succeeded, where a route does not say.</summary>
    public string Success => options.Value.Envelope.Success;

    /// <param name="route">Names the route at the beginning of each sentence.</param>
    /// <param name="request">The request message.</param>
    /// <param name="transform">What the route says.</param>
    /// <param name="errors">Takes the mistakes.</param>
    public MessageFields FindIds(string route, MessageDescriptor request, IReadOnlyDictionary<string, string> transform, ICollection<string> errors)
    {
        var (session, user) = (Id(TransformKeys.SessionId, options.Value.SessionId), Id(TransformKeys.UserId, options.Value.UserId));
        if (session.Length > 0 && session.AsSpan().SequenceEqual(user))
        {
            errors.Add($"{route}: session id and user id are the same field of {request.Name}; say in '{TransformKeys.UserId}' where the user id goes, or '' for nowhere.");
        }

        var requestId = Id(TransformKeys.RequestId, options.Value.RequestId);
        if (requestId.Length > 0 && (requestId.AsSpan().SequenceEqual(session) || requestId.AsSpan().SequenceEqual(user)))
        {
            errors.Add($"{route}: the request id is the same field of {request.Name} as {(requestId.AsSpan().SequenceEqual(session) ? "the session id" : "the user id")}; say in '{TransformKeys.RequestId}' where it is, or '' for nowhere.");
        }

        return MessageFields.Of(requestId, session, user);

        int[] Id(string key, string byDefault) =>
            Find(request, $"{route}: transform '{key}'", transform.GetValueOrDefault(key), byDefault, errors, FieldType.String) is { } path ? Numbers(path) : [];
    }

    /// <param name="route">Names the route at the beginning of each sentence.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="transform">What the route says.</param>
    /// <param name="errors">Takes the mistakes.</param>
    /// <returns>The fields of the answer, and the path of the boolean that says whether a call succeeded; null where there is none.</returns>
    public (EnvelopeFields Fields, string? Success) FindEnvelope(
        string route, MessageDescriptor answer, IReadOnlyDictionary<string, string> transform, ICollection<string> errors)
    {
        var at = $"{route}: {TransformKeys.Envelope}";
        if (NestedSettings.TryRead(route, TransformKeys.Envelope, transform, JsonValueKind.Object, errors, out var named))
        {
            NestedSettings.CheckNames(at, named, EnvelopeNames, errors);
        }

        var byDefault = options.Value.Envelope;
        var success = Field(nameof(byDefault.Success), byDefault.Success, FieldType.Bool);
        var code = Field(nameof(byDefault.Code), byDefault.Code, CodeTypes);
        var requestId = Field(nameof(byDefault.RequestId), byDefault.RequestId, FieldType.String);
        var message = Field(nameof(byDefault.Message), byDefault.Message, FieldType.String);
        (string Name, IReadOnlyList<FieldDescriptor>? Path)[] texts = [(nameof(byDefault.RequestId), requestId), (nameof(byDefault.Message), message), (nameof(byDefault.Code), code)];
        foreach (var same in texts.Where(one => one.Path is not null).GroupBy(one => string.Join('.', one.Path!.Select(field => field.Name))).Where(same => same.Count() > 1))
        {
            errors.Add($"{at}: {string.Join(" and ", same.Select(one => one.Name))} are the same field of {answer.Name}, '{same.Key}'; name another one, or '' for none.");
        }

        var fields = new EnvelopeFields(
            Numbers(requestId),
            Numbers(success?[^1].HasPresence == true ? success : null),
            Numbers(message),
            Numbers(code),
            code?[^1].FieldType is not (null or FieldType.String));
        return (fields, success is null ? null : string.Join('.', success.Select(field => field.Name)));

        IReadOnlyList<FieldDescriptor>? Field(string name, string fallback, params ReadOnlySpan<FieldType> types) =>
            Find(answer, $"{at}:{name}", named.ValueKind == JsonValueKind.Object && named.TryGetProperty(name, out var value) ? value.ToString() : null, fallback, errors, types);
    }

    /// <summary>Names for all routes that none of these messages has. Of the contract's own names nothing is said: they are nobody's mistake.</summary>
    public IEnumerable<string> CheckNames(IReadOnlyList<MessageDescriptor> requests, IReadOnlyList<MessageDescriptor> answers)
    {
        var (own, contract) = (options.Value, new MessageOptions());
        (string Name, string? Value, string Contract, IReadOnlyList<MessageDescriptor> Messages, FieldType[] Types)[] names =
        [
            (nameof(own.SessionId), own.SessionId, contract.SessionId, requests, [FieldType.String]),
            (nameof(own.UserId), own.UserId, contract.UserId, requests, [FieldType.String]),
            (nameof(own.RequestId), own.RequestId, contract.RequestId, requests, [FieldType.String]),
            ($"Envelope:{nameof(EnvelopeOptions.RequestId)}", own.Envelope.RequestId, contract.Envelope.RequestId, answers, [FieldType.String]),
            ($"Envelope:{nameof(EnvelopeOptions.Success)}", own.Envelope.Success, contract.Envelope.Success, answers, [FieldType.Bool]),
            ($"Envelope:{nameof(EnvelopeOptions.Message)}", own.Envelope.Message, contract.Envelope.Message, answers, [FieldType.String]),
            ($"Envelope:{nameof(EnvelopeOptions.Code)}", own.Envelope.Code, contract.Envelope.Code, answers, CodeTypes),
        ];
        foreach (var (name, value, known, among, types) in names)
        {
            if (value is { Length: > 0 } && value != known && among.All(message => FieldPath.FindSingle(message, value, out _, types) is null))
            {
                // The message that comes nearest says most about what is wrong.
                var problem = among.Select(message => FieldPath.FindSingle(message, value, out var problem, types) is null ? problem : null)
                    .MinBy(problem => problem!.Contains("did you mean", StringComparison.Ordinal) ? 0 : 1);
                yield return $"{MessageOptions.SectionName}:{name} is '{value}', which no message of a route has: {problem}.";
            }
        }
    }

    /// <summary>The path of the boolean that says whether an RPC that the gateway itself asks has succeeded; null where its answer has none.</summary>
    public IReadOnlyList<FieldDescriptor>? FindSuccess(MessageDescriptor answer) => Find(answer, "", null, options.Value.Envelope.Success, [], FieldType.Bool);

    /// <summary>The user id of a request by the name of the deployment or of the contract, whatever a route says of it; null where it has none.</summary>
    public string? FindUserId(MessageDescriptor request) =>
        Find(request, "", null, UserId, [], FieldType.String) is not null ? UserId
        : MessageFields.Of(request).OuterUserId != 0 ? MessageOptions.DefaultUserId
        : null;

    /// <summary>Where the gateway's own request takes a request id; null where it has none, or has it within a message, which nobody needs.</summary>
    public FieldDescriptor? FindRequestId(MessageDescriptor request) => Find(request, "", null, options.Value.RequestId, [], FieldType.String) is [var field] ? field : null;

    /// <summary>What the text is called that says why a call failed, where a route does not say.</summary>
    public string Message => options.Value.Envelope.Message;

    private static IReadOnlyList<FieldDescriptor>? Find(
        MessageDescriptor message, string at, string? named, string byDefault, ICollection<string> errors, params ReadOnlySpan<FieldType> types)
    {
        if ((named ?? byDefault) is not { Length: > 0 } text)
        {
            return null;
        }

        var path = FieldPath.FindSingle(message, text, out var problem, types);
        if (path is null && named is not null)
        {
            errors.Add($"{at} is '{named}', but {problem}.");
        }

        return path;
    }

    private static int[] Numbers(IReadOnlyList<FieldDescriptor>? path) => path is null ? [] : [.. path.Select(field => field.FieldNumber)];
}
