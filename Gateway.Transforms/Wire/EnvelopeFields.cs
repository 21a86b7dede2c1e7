namespace Gateway.Transforms.Wire;

/// <summary>Where an answer says how its call went: the way to each field, by numbers, and empty where there is none.</summary>
/// <param name="RequestId">A text.</param>
/// <param name="Success">A boolean that is written even when it is false; empty for one that is then left out, as proto3 does.</param>
/// <param name="Message">A text.</param>
/// <param name="Code">A text, or a whole number.</param>
/// <param name="IsCodeNumber">Which of the two.</param>
internal sealed record EnvelopeFields(int[] RequestId, int[] Success, int[] Message, int[] Code, bool IsCodeNumber)
{
    /// <summary>The answer to a call that failed.</summary>
    public byte[] Encode(string? requestId, string message, string code, int status)
    {
        List<(int[] Path, ReadOnlyMemory<byte> Field)> fields = [];
        Add(RequestId, number => string.IsNullOrEmpty(requestId) ? default : WireValue.Text(number, requestId));
        Add(Success, number => WireValue.Number(number, 0));
        Add(Message, number => WireValue.Text(number, message));
        Add(Code, number => IsCodeNumber ? WireValue.Number(number, (uint)status) : WireValue.Text(number, code));
        return Join(fields, 0);

        void Add(int[] path, Func<int, ReadOnlyMemory<byte>> encode)
        {
            if (path.Length > 0 && encode(path[^1]) is { IsEmpty: false } field)
            {
                fields.Add((path, field));
            }
        }
    }

    /// <summary>In the order of their numbers, as serializers write them, and those of one message in one.</summary>
    private static byte[] Join(IEnumerable<(int[] Path, ReadOnlyMemory<byte> Field)> fields, int depth)
    {
        var result = new SequenceBuilder();
        foreach (var same in fields.GroupBy(one => one.Path[depth]).OrderBy(group => group.Key))
        {
            result.Append(same.First() is var first && first.Path.Length == depth + 1 ? first.Field : WireValue.Bytes(same.Key, Join(same, depth + 1)));
        }

        return System.Buffers.BuffersExtensions.ToArray(result.Build());
    }
}
