namespace Gateway.Chaos.Parts;

/// <summary>What an instance does instead of answering well and at once.</summary>
internal enum Misbehaviour
{
    None,

    /// <summary>Answers after half a second.</summary>
    Slow,

    /// <summary>Takes calls and never answers.</summary>
    Hang,

    /// <summary>Resets the call in the middle of its answer.</summary>
    Reset,

    /// <summary>Resets each call before there is an answer.</summary>
    Storm,

    /// <summary>Says, once it has the call, that it sends nothing more on the connection.</summary>
    HalfClose,

    /// <summary>Answers bytes that are no gRPC frame.</summary>
    Garbage,
}
