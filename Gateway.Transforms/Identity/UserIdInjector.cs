using System.Buffers;
using Gateway.Transforms.Wire;

namespace Gateway.Transforms.Identity;

/// <summary>Makes a request say who its sender is: takes out every user id the client put in, and appends the session's.</summary>
internal static class UserIdInjector
{
    /// <summary>Makes a whole message ready to go out.</summary>
    /// <param name="message">A message that <see cref="MessageScanner"/> found well-formed.</param>
    /// <param name="clientUserIds">The edits that take the client's user ids out, in the order of the bytes; null for none.</param>
    /// <param name="userId">The field that says who is asking, at the end of the message; empty for nobody.</param>
    public static ReadOnlySequence<byte> Inject(in ReadOnlySequence<byte> message, IReadOnlyList<Edit>? clientUserIds, ReadOnlyMemory<byte> userId)
    {
        if (clientUserIds is null && userId.IsEmpty)
        {
            return message;
        }

        var result = new SequenceBuilder();
        long kept = 0;
        foreach (var edit in clientUserIds ?? [])
        {
            result.Append(message.Slice(kept, edit.Range.Offset - kept)).Append(edit.Replacement);
            kept = edit.Range.End;
        }

        return result.Append(message.Slice(kept)).Append(userId).Build();
    }
}
