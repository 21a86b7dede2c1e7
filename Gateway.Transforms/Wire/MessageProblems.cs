namespace Gateway.Transforms.Wire;

/// <summary>Why a message is refused, in a few words for the log.</summary>
internal static class MessageProblems
{
    public const string Tag = "a tag that is cut short or too long";
    public const string FieldZero = "field number 0";
    public const string Number = "a number that is cut short or too long";
    public const string Length = "a length that is cut short or too long";
    public const string Type = "a group or an unknown wire type";
    public const string PastTheEnd = "a field that runs past the end";
    public const string Within = "text that is no UTF-8, or a broken message within";
    public const string UserIds = "too many user ids";
    public const string SessionIds = "two session ids that differ";
    public const string ManySessionIds = "too many session ids";
    public const string LateId = "a user id or session id behind a large field";
}
