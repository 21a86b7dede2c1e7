namespace Gateway.Chaos.Hub;

/// <summary>What the sockets noticed of one fault.</summary>
/// <param name="Name">The fault.</param>
/// <param name="Published">Events, counted once for each recipient.</param>
/// <param name="Findings">What is wrong.</param>
/// <param name="ReloadsOfOthers">How many of the reloads were those of users whom the fault did not concern.</param>
/// <param name="Note">What else was seen.</param>
internal sealed record HubReport(string Name, int Published, Findings Findings, int ReloadsOfOthers, string Note)
{
    public const string Header = "| fault | events | lost | doubled | disordered | not told | reloads | of others | seen |\n|---|---|---|---|---|---|---|---|---|";

    public override string ToString() =>
        $"| {Name} | {Published} | {Findings.Lost.Count} | {Findings.Doubled.Count} | {Findings.Disordered.Count} | {Findings.NotTold} | {Findings.Reloads} | {ReloadsOfOthers} | {Note} |";
}
