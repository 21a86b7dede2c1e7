namespace Gateway.Transforms.Wire;

/// <summary>A stretch of a message: where it begins and how many bytes it holds.</summary>
internal readonly record struct FieldRange(long Offset, long Length)
{
    /// <summary>No such value. A value that is there has an offset above zero, for its tag comes first.</summary>
    public bool IsAbsent => Offset == 0;

    public long End => Offset + Length;
}
