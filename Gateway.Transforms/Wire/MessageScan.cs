namespace Gateway.Transforms.Wire;

/// <summary>
/// What <see cref="MessageScanner"/> saw. When <see cref="Problem"/> is set the scan ended there, and the ranges are those
/// seen before it: enough to echo a request id, never enough to forward anything.
/// </summary>
internal readonly record struct MessageScan
{
    /// <summary>Why the message is refused, in a few words for the log; null when it is well-formed.</summary>
    public string? Problem { get; init; }

    /// <summary>The problem may be no more than that the bytes end too early: of the beginning of a message it says nothing.</summary>
    public bool IsCut { get; init; }

    /// <summary>The value of the request id (the last one counts, as in every protobuf parser).</summary>
    public FieldRange RequestId { get; init; }

    /// <summary>The value of the session id.</summary>
    public FieldRange SessionId { get; init; }

    /// <summary>
    /// What takes every user id out of the message, in the order of the bytes: each field that bears its number, tag included and whatever its wire type.
    /// Null when there is none.
    /// </summary>
    public IReadOnlyList<Edit>? UserIds { get; init; }

    /// <summary>
    /// The value that runs past the end, if it is none of the ids and nothing else was wrong: of the beginning of a message this is
    /// where the scan stopped. Absent otherwise.
    /// </summary>
    public FieldRange Open { get; init; }
}

/// <summary>A stretch of a message that something else takes the place of.</summary>
/// <param name="Range">The stretch.</param>
internal readonly record struct Edit(FieldRange Range)
{
    /// <summary>Nothing, unless it is said.</summary>
    public ReadOnlyMemory<byte> Replacement { get; init; }
}
