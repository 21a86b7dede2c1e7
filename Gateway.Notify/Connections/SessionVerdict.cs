namespace Gateway.Notify.Connections;

/// <summary>Whose session it is.</summary>
/// <param name="UserId">Null when nobody is logged in with it.</param>
/// <param name="StoreAnswered">False when that could not be found out.</param>
public readonly record struct SessionVerdict(string? UserId, bool StoreAnswered);
