namespace Gateway.Notify.Delivery;

/// <summary>A place in the row of all events of one user.</summary>
/// <param name="Epoch">Which count the sequence belongs to; another epoch says that the count began anew.</param>
/// <param name="Sequence">The newest event up to here; 0 before the first.</param>
internal readonly record struct FeedPosition(string Epoch, ulong Sequence);
