using System.Buffers;
using System.Text;
using Gateway.Transforms.Identity;
using Gateway.Transforms.Wire;
using Google.Protobuf;

namespace Gateway.Chaos.Fuzzing.Targets;

/// <summary>
/// Finds out who asks, and writes the user id into the request. However the bytes are divided, it is refused or the sub-service reads
/// the user of the session; and whatever a sub-service can read is not refused, but for what parsers could read differently.
/// </summary>
internal sealed class IdentityTarget : IFuzzTarget
{
    private const string User = "the-user-of-the-session";

    /// <summary>Refused although Google's parser reads it; <see cref="MessageScanner"/> says why.</summary>
    private static readonly string[] Stricter =
        [MessageProblems.Type, MessageProblems.Tag, MessageProblems.Length, MessageProblems.SessionIds, MessageProblems.ManySessionIds, MessageProblems.UserIds];

    public string Name => "identity";

    public IReadOnlyList<byte[]> Words => [];

    public bool Accepts(byte[] input, Dice dice)
    {
        var accepted = false;
        foreach (var message in Message.All)
        {
            accepted |= Accepts(message, new ReadOnlySequence<byte>(input), Pieces.SequenceOf(input, dice));
        }

        return accepted;
    }

    private static bool Accepts(Message message, in ReadOnlySequence<byte> whole, in ReadOnlySequence<byte> divided)
    {
        var scan = MessageScanner.Scan(whole, message.Fields);
        EnsureAlike(scan, MessageScanner.Scan(divided, message.Fields));
        var read = message.Parse(whole);
        if (scan.Problem is not null)
        {
            DisagreementException.Unless(read is null || Stricter.Contains(scan.Problem), $"refused for {scan.Problem}, and can be parsed");
            return false;
        }

        var injected = UserIdInjector.Inject(whole, scan.UserIds, message.Fields.UserIdField(User));
        var injectedDivided = UserIdInjector.Inject(divided, scan.UserIds, message.Fields.UserIdField(User));
        DisagreementException.Unless(injected.ToArray().AsSpan().SequenceEqual(injectedDivided.ToArray()), "divided, it becomes another message");
        EnsureReadAsTheUser(message, read, message.Parse(injected));
        DisagreementException.Unless(
            read is null || message.SessionId(read) == Text(divided, scan.SessionId), "the session that was looked up is not the one that is read");
        return true;
    }

    private static void EnsureReadAsTheUser(Message message, IMessage? before, IMessage? after)
    {
        DisagreementException.Unless(before is null || after is not null, "it could be parsed before the user id was written, and not after");
        DisagreementException.Unless(after is null || message.UserId(after) == User, "another user id is read than the session's");
        DisagreementException.Unless(
            before is null || message.As(before, User).Equals(after), "writing the user id has changed something else");
    }

    private static void EnsureAlike(in MessageScan whole, in MessageScan divided) => DisagreementException.Unless(
        whole.Problem == divided.Problem && whole.RequestId == divided.RequestId && whole.SessionId == divided.SessionId && whole.Open == divided.Open
            && Written(whole).SequenceEqual(Written(divided)),
        $"whole it is {whole}, divided it is {divided}");

    private static IEnumerable<(FieldRange Range, string Replacement)> Written(in MessageScan scan) =>
        (scan.UserIds ?? []).Select(edit => (edit.Range, Convert.ToHexString(edit.Replacement.Span)));

    private static string Text(in ReadOnlySequence<byte> message, FieldRange range) =>
        range.IsAbsent ? "" : Encoding.UTF8.GetString(message.Slice(range.Offset, range.Length));
}
