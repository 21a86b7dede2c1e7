namespace Gateway.Chaos.Parts;

/// <summary>What an instance does instead of answering.</summary>
internal enum Misbehaviour
{
    None,

    /// <summary>Takes calls and never answers.</summary>
    Hang,

    /// <summary>Resets the call in the middle of its answer.</summary>
    Reset,

    /// <summary>Answers bytes that are no gRPC frame.</summary>
    Garbage,
}
