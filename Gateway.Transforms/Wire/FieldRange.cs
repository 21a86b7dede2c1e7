namespace Gateway.Transforms.Wire;

/// <summary>A stretch of a message: where it begins and how many bytes it holds. Messages are held up to 1 GiB, and say of values up to 4 GiB that they come.</summary>
internal readonly record struct FieldRange
{
    private readonly uint _offset;
    private readonly uint _length;

    public FieldRange(long offset, long length) => (_offset, _length) = (checked((uint)offset), checked((uint)length));

    public long Offset => _offset;

    public long Length => _length;

    /// <summary>No such value. A value that is there has an offset above zero, for its tag comes first.</summary>
    public bool IsAbsent => Offset == 0;

    public long End => Offset + Length;
}
