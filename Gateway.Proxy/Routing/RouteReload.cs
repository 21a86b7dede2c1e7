namespace Gateway.Proxy.Routing;

/// <summary>What became of the last change of the routes.</summary>
/// <param name="Result">How it ended.</param>
/// <param name="At">When.</param>
/// <param name="Revision">The revision of the routes in use, whatever the result.</param>
/// <param name="AppliedAt">Since when these are in use.</param>
/// <param name="Errors">Why the change was refused, a sentence each.</param>
/// <param name="WaitForRestart">Settings in the route files that have changed since the start and are read there alone.</param>
internal sealed record RouteReload(
    RouteReloadResult Result,
    DateTimeOffset At,
    string Revision,
    DateTimeOffset AppliedAt,
    IReadOnlyList<string> Errors,
    IReadOnlyList<string> WaitForRestart)
{
    /// <summary>One line for people.</summary>
    public string Message => Result == RouteReloadResult.Refused
        ? $"The last change of the routes was refused, those of revision {Revision} stay in use: {string.Join(' ', Errors)}"
        : $"The routes of revision {Revision} are in use.";
}
