namespace Gateway.Chaos.Fuzzing;

/// <summary>What became of one input, and how.</summary>
/// <param name="Verdict">What became of it.</param>
/// <param name="Duration">How long that took.</param>
/// <param name="Reason">What is wrong; empty unless something is.</param>
internal readonly record struct Judgement(Verdict Verdict, TimeSpan Duration, string Reason = "")
{
    public bool IsFinding => Verdict is not (Verdict.Accepted or Verdict.Refused);
}
