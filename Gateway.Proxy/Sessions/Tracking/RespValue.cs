namespace Gateway.Proxy.Sessions.Tracking;

/// <summary>One value of Redis's protocol.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">The value itself; empty for those with items.</param>
/// <param name="Items">What it holds; empty for a single value.</param>
internal sealed record RespValue(RespKind Kind, string Text, IReadOnlyList<RespValue> Items)
{
    public static RespValue Null { get; } = new(RespKind.Null, "", []);

    /// <summary>The text that a map has under <paramref name="key"/>; null when it has none.</summary>
    public string? Find(string key)
    {
        for (var i = 0; i + 1 < Items.Count; i += 2)
        {
            if (Items[i].Text == key)
            {
                return Items[i + 1].Text;
            }
        }

        return null;
    }
}
