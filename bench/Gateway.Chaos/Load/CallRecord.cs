namespace Gateway.Chaos.Load;

/// <summary>One call of a client.</summary>
/// <param name="Node">The gateway it went to.</param>
/// <param name="User">Who called, with the session of the same number.</param>
/// <param name="IsRead">The route is idempotent.</param>
/// <param name="Begin">When it was sent, since the start of the run.</param>
/// <param name="End">When its answer was there.</param>
/// <param name="Code">What the gateway said went wrong; <c>connection</c> when there was no answer at all; null for a good answer.</param>
/// <param name="IsWrong">The answer is good and belongs to somebody else.</param>
internal sealed record CallRecord(int Node, int User, bool IsRead, TimeSpan Begin, TimeSpan End, string? Code, bool IsWrong)
{
    public bool IsFailed => Code is not null;

    public TimeSpan Duration => End - Begin;
}
