namespace Gateway.Chaos.Soak;

/// <summary>What the clients of a soak noticed.</summary>
/// <param name="Calls">Calls that were meant to work.</param>
/// <param name="Failed">What failed, of all kinds.</param>
/// <param name="Wrong">What came back and should not have, of all kinds.</param>
/// <param name="Failures">Why it failed.</param>
internal sealed record SoakCount(int Calls, int Failed, int Wrong, string Failures);
