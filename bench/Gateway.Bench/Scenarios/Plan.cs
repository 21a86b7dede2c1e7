namespace Gateway.Bench.Scenarios;

/// <summary>How long a run may be.</summary>
/// <param name="Rounds">How often each candidate has its turn; figures are medians.</param>
/// <param name="RoundTime">How long each turn takes.</param>
internal sealed record Plan(int Rounds, TimeSpan RoundTime)
{
    public static Plan Full { get; } = new(7, TimeSpan.FromSeconds(5));

    public static Plan Quick { get; } = new(3, TimeSpan.FromSeconds(3));

    /// <summary>Long enough for the code to be compiled with what its first runs taught.</summary>
    public static TimeSpan WarmUp { get; } = TimeSpan.FromSeconds(6);
}
