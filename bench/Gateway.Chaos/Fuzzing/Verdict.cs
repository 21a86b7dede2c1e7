namespace Gateway.Chaos.Fuzzing;

/// <summary>What became of one input.</summary>
internal enum Verdict
{
    Accepted,

    /// <summary>Refused with an error that is meant for it.</summary>
    Refused,

    /// <summary>An exception that nobody expects, or far more memory than the input is worth.</summary>
    Crash,

    /// <summary>Not read within <see cref="InputJudge.SlowAfter"/>, twice.</summary>
    Hang,

    /// <summary>See <see cref="DisagreementException"/>.</summary>
    Disagreement,
}
