namespace Gateway.Chaos.Load;

/// <summary>How something that a client did came out.</summary>
/// <param name="Failure">Why it failed; null when it did not.</param>
/// <param name="IsWrong">It seemed to work, and what came back is not what should have.</param>
internal readonly record struct Ending(string? Failure, bool IsWrong)
{
    public static Ending Of(bool isRight) => new(null, !isRight);

    public static Ending Failed(string why) => new(why, IsWrong: false);
}
