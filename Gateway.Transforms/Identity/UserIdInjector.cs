using System.Buffers;
using Gateway.Transforms.Wire;

namespace Gateway.Transforms.Identity;

/// <summary>Makes a request say who its sender is: takes out every user_id the client put in, and appends the session's.</summary>
internal static class UserIdInjector
{
    /// <summary>Makes a whole message ready to go out.</summary>
    /// <param name="message">A message that <see cref="MessageScanner"/> found well-formed.</param>
    /// <param name="clientUserIds">The fields to take out, in the order they stand; null for none.</param>
    /// <param name="field">The number of user_id in this message.</param>
    /// <param name="userId">Who is asking; null for nobody: then nothing is appended.</param>
    public static ReadOnlySequence<byte> Inject(
        in ReadOnlySequence<byte> message, IReadOnlyList<FieldRange>? clientUserIds, int field, string? userId)
    {
        if (clientUserIds is null && userId is null)
        {
            return message;
        }

        var result = new SequenceBuilder();
        long kept = 0;
        foreach (var range in clientUserIds ?? [])
        {
            result.Append(message.Slice(kept, range.Offset - kept));
            kept = range.End;
        }

        result.Append(message.Slice(kept));
        return userId is null ? result.Build() : result.Append(WireValue.Text(field, userId)).Build();
    }
}
