namespace Gateway.Transforms.Events;

/// <summary>The settings beside <c>Rpc</c> that are about events.</summary>
public static class RuleSettings
{
    public const string Notify = "Notify";
    public const string Reply = "Reply";
    public const string Ask = "Ask";
    public const string Succeeded = "Succeeded";

    /// <summary>Those that are no single texts: they reach the transform as JSON.</summary>
    public static IReadOnlyList<string> Nested { get; } = [Notify, Reply, Ask];
}
