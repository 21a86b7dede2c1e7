using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Gateway.Transforms.Wire;
using Google.Protobuf.Reflection;

namespace Gateway.Transforms.Events;

/// <summary>How the details of users are asked of the user service, all at once or one by one, and read.</summary>
internal sealed class UserDetails
{
    private readonly UserDetailsOptions _options;
    private readonly FieldDescriptor? _ids;
    private readonly FieldDescriptor? _requestId;
    private readonly FieldDescriptor? _userId;
    private readonly LookUpCall _call;
    private readonly MessageQuery _entry;
    private readonly int _id;
    private readonly int _details;
    private readonly int _key;
    private readonly int _value;

    private UserDetails(UserDetailsOptions options, FieldDescriptor? ids, FieldDescriptor kind, FieldDescriptor? requestId, MessageDescriptor? answer, IReadOnlyList<FieldDescriptor>? success)
    {
        (_options, _ids, Kind) = (options, ids, kind);
        Details = new MessageQuery(kind.MessageType);
        _userId = kind.MessageType.FindFieldByName("user_id") is { FieldType: FieldType.String, IsRepeated: false } id ? id : null;
        _id = _userId is null ? -1 : Details.Add([_userId]);
        _requestId = requestId;
        var query = new MessageQuery(answer ?? kind.MessageType);
        _call = LookUpCall.Of(options.ClusterId, options.Rpc, query, answer is null ? null : success);
        _entry = new MessageQuery(kind.ContainingType);
        (_details, _key, _value) = (-1, -1, -1);
        if (answer is null)
        {
            return;
        }

        if (IsForMany)
        {
            _details = query.Add([answer.Fields.InDeclarationOrder().First(field => field.IsMap && field.MessageType == kind.ContainingType)]);
            _key = _entry.Add([kind.ContainingType.FindFieldByNumber(1)]);
            _value = _entry.Add([kind]);
        }
        else
        {
            _details = query.Add([kind]);
        }
    }

    /// <summary>The field that holds a user's details where the user service answers them.</summary>
    public FieldDescriptor Kind { get; }

    /// <summary>The fields of the details that rules ask for.</summary>
    public MessageQuery Details { get; }

    private bool IsForMany => _ids?.IsRepeated == true;

    /// <summary>Where nobody is asked, ids are all there is.</summary>
    /// <param name="options">Which cluster and method.</param>
    /// <param name="method">The method; null where none is configured.</param>
    /// <param name="kind">A field that holds a user's details, for want of a method.</param>
    /// <param name="requestId">The field of the request that takes a request id; null where there is none.</param>
    /// <param name="success">The field of the answer that says whether it is one; null where there is none.</param>
    /// <returns>Null when the method cannot be used: it has to be one as GetMultiUserInfo or GetUserInfo.</returns>
    public static UserDetails? Of(UserDetailsOptions options, MethodDescriptor? method, FieldDescriptor? kind, FieldDescriptor? requestId, IReadOnlyList<FieldDescriptor>? success)
    {
        if (method is null)
        {
            return kind is null ? null : new UserDetails(options, null, kind, null, null, null);
        }

        var (input, output) = (method.InputType, method.OutputType);
        if (input.FindFieldByName("users_id") is { FieldType: FieldType.String, IsRepeated: true } ids
            && output.FindFieldByName("users_info") is { IsMap: true } map
            && map.MessageType.FindFieldByNumber(1).FieldType == FieldType.String
            && map.MessageType.FindFieldByNumber(2) is { FieldType: FieldType.Message } value)
        {
            return new UserDetails(options, ids, value, requestId, output, success);
        }

        return input.FindFieldByName("user_id") is { FieldType: FieldType.String, IsRepeated: false } one
            && output.FindFieldByName("user_info") is { FieldType: FieldType.Message, IsRepeated: false } details
            ? new UserDetails(options, one, details, requestId, output, success)
            : null;
    }

    /// <summary>Asks for some users, each once. Throws what its transport throws; who is unknown is not in the answer.</summary>
    public async Task<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> FindAsync(
        ISubServices services, IReadOnlyCollection<string> userIds, CancellationToken cancellationToken)
    {
        if (_ids is null || userIds.Count == 0)
        {
            return new Dictionary<string, ReadOnlyMemory<byte>>();
        }

        return IsForMany ? await FindManyAsync(services, userIds, cancellationToken) : await FindEachAsync(services, userIds, cancellationToken);
    }

    /// <summary>Reads what was told of a user, which may be nothing. The id is there even where the user service leaves it out.</summary>
    public KnownUser Read(string userId, ReadOnlyMemory<byte> told)
    {
        var message = new ReadOnlySequence<byte>(told);
        var fields = Details.Find(message);
        if (_userId is null || userId.Length == 0)
        {
            return new KnownUser(message, fields);
        }

        var id = WireValue.Text(_userId.FieldNumber, userId);
        if (fields.Count(_id) == 0)
        {
            message = new SequenceBuilder().Append(id).Append(told).Build();
        }
        else if (Encoding.UTF8.GetString(fields.Value(_id, 0)) != userId)
        {
            // The last one counts.
            message = new SequenceBuilder().Append(told).Append(id).Build();
        }
        else
        {
            return new KnownUser(message, fields);
        }

        return new KnownUser(message, Details.Find(message));
    }

    private async Task<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> FindManyAsync(
        ISubServices services, IReadOnlyCollection<string> userIds, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(services, userIds, cancellationToken);
        var found = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        for (var i = 0; i < answer.Count(_details); i++)
        {
            var entry = _entry.Find(answer.Value(_details, i));
            var key = entry.Count(_key) > 0 ? Encoding.UTF8.GetString(entry.Value(_key, 0)) : "";
            Keep(found, key, Joined(entry, _value));
        }

        return found;
    }

    private async Task<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> FindEachAsync(
        ISubServices services, IReadOnlyCollection<string> userIds, CancellationToken cancellationToken)
    {
        var calls = userIds.ToDictionary(userId => userId, userId => AskAsync(services, [userId], cancellationToken));
        Task all = Task.WhenAll(calls.Values);
        await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        var found = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        foreach (var (userId, call) in calls.Where(call => call.Value.IsCompletedSuccessfully && call.Value.Result.Count(_details) > 0))
        {
            Keep(found, userId, Joined(call.Result, _details));
        }

        if (found.Count == 0)
        {
            // Some are better than none; of none, the reason is thrown.
            await all;
        }

        return found;
    }

    private async Task<FieldValues> AskAsync(ISubServices services, IReadOnlyCollection<string> userIds, CancellationToken cancellationToken)
    {
        var request = new SequenceBuilder();
        if (_requestId is not null)
        {
            request.Append(WireValue.Text(_requestId.FieldNumber, Guid.NewGuid().ToString("N")));
        }

        foreach (var userId in userIds)
        {
            request.Append(WireValue.Text(_ids!.FieldNumber, userId));
        }

        return await _call.AskAsync(services, request.Build(), _options.MaxAnswer, cancellationToken);
    }

    /// <summary>Details that cannot be read are none.</summary>
    private void Keep(Dictionary<string, ReadOnlyMemory<byte>> found, string userId, byte[] details)
    {
        if (MessageCheck.IsSound(new ReadOnlySequence<byte>(details), Kind))
        {
            found[userId] = details;
        }
    }

    private static byte[] Joined(FieldValues values, int slot)
    {
        var pieces = new SequenceBuilder();
        for (var i = 0; i < values.Count(slot); i++)
        {
            pieces.Append(values.Value(slot, i));
        }

        return pieces.Build().ToArray();
    }
}

/// <summary>
/// Where events get nicknames and avatars from: section <c>Gateway:UserDetails</c>, kept in yarp.json because it names a cluster and
/// the proto package.
/// </summary>
public sealed class UserDetailsOptions
{
    public const string SectionName = "Gateway:UserDetails";

    /// <summary>The cluster of the user service. Empty: nobody is looked up, and events tell user ids alone.</summary>
    [AllowNull]
    public string ClusterId { get; set => field = value ?? ""; } = "";

    /// <summary><c>package.UserService/GetMultiUserInfo</c>, or <c>.../GetUserInfo</c> where the service has only that.</summary>
    [AllowNull]
    public string Rpc { get; set => field = value ?? ""; } = "";

    /// <summary>The largest answer, in bytes: avatars come with it. Default 16 MiB.</summary>
    public int MaxAnswer { get; set; } = 16 << 20;
}
