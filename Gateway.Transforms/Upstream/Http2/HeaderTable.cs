using System.Text;

namespace Gateway.Transforms.Upstream.Http2;

/// <summary>The static table and the dynamic table in one address space (RFC 7541 section 2.3.3).</summary>
internal sealed class HeaderTable
{
    /// <summary>What an entry counts beside its bytes (section 4.1).</summary>
    private const int Overhead = 32;

    private const int MaxEntries = HpackDecoder.MaxTableSize / Overhead;

    /// <summary>RFC 7541 appendix A: names, and behind a space the value.</summary>
    private static readonly (byte[] Name, byte[] Value)[] Static =
    [
        .. new[]
        {
            ":authority", ":method GET", ":method POST", ":path /", ":path /index.html", ":scheme http", ":scheme https", ":status 200",
            ":status 204", ":status 206", ":status 304", ":status 400", ":status 404", ":status 500", "accept-charset",
            "accept-encoding gzip, deflate", "accept-language", "accept-ranges", "accept", "access-control-allow-origin", "age", "allow",
            "authorization", "cache-control", "content-disposition", "content-encoding", "content-language", "content-length",
            "content-location", "content-range", "content-type", "cookie", "date", "etag", "expect", "expires", "from", "host", "if-match",
            "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "last-modified", "link", "location", "max-forwards",
            "proxy-authenticate", "proxy-authorization", "range", "referer", "refresh", "retry-after", "server", "set-cookie",
            "strict-transport-security", "transfer-encoding", "user-agent", "vary", "via", "www-authenticate",
        }.Select(line => line.Split(' ', 2)).Select(field => (Encoding.ASCII.GetBytes(field[0]), Encoding.ASCII.GetBytes(field.ElementAtOrDefault(1) ?? ""))),
    ];

    /// <summary>
    /// The strings of all entries, one behind another: the oldest entry is evicted at the beginning, a new one is appended at the end. Once two thirds of the array are
    /// used, the entries that are left are moved to its beginning, so there is always room for one more. Between two moves as many bytes are appended as a table may hold.
    /// </summary>
    private readonly byte[] _bytes = new byte[3 * HpackDecoder.MaxTableSize];

    private readonly Entry[] _entries = new Entry[MaxEntries];
    private int _oldest;
    private int _count;
    private int _end;
    private int _size;
    private int _maxSize = HpackDecoder.MaxTableSize;

    /// <summary>The entry of an index. The spans are good until the next one is added.</summary>
    /// <exception cref="HpackException">There is no such entry (section 2.3.3).</exception>
    public void Find(int index, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        if (index <= 0 || index > Static.Length + _count)
        {
            throw new HpackException("A header block names a field that is in no table.");
        }

        if (index <= Static.Length)
        {
            name = Static[index - 1].Name;
            value = Static[index - 1].Value;
            return;
        }

        // The newest has the lowest index.
        ref var entry = ref EntryAt(_count - (index - Static.Length));
        name = _bytes.AsSpan(entry.Start, entry.NameLength);
        value = _bytes.AsSpan(entry.Start + entry.NameLength, entry.ValueLength);
    }

    /// <summary>Adds an entry, for which older ones go; one that is larger than the table leaves it empty (section 4.4).</summary>
    /// <param name="name">It may be of an entry that goes: its bytes stay where they are until they have been copied.</param>
    /// <param name="value">Not of this table.</param>
    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var size = name.Length + value.Length + Overhead;
        Evict(_maxSize - size);
        if (size > _maxSize)
        {
            return;
        }

        name.CopyTo(_bytes.AsSpan(_end));
        value.CopyTo(_bytes.AsSpan(_end + name.Length));
        EntryAt(_count++) = new Entry(_end, name.Length, value.Length);
        _end += name.Length + value.Length;
        _size += size;
        MakeRoom();
    }

    /// <summary>Gives the table another size; entries that do not fit go (section 4.3).</summary>
    /// <exception cref="HpackException">It is above what we allow (section 6.3).</exception>
    public void Resize(int maxSize)
    {
        if (maxSize > HpackDecoder.MaxTableSize)
        {
            throw new HpackException($"A header block makes the table {maxSize} bytes large, above {HpackDecoder.MaxTableSize}.");
        }

        _maxSize = maxSize;
        Evict(maxSize);
    }

    private void Evict(int maxSize)
    {
        while (_count > 0 && _size > maxSize)
        {
            ref var entry = ref EntryAt(0);
            _size -= entry.NameLength + entry.ValueLength + Overhead;
            _oldest = (_oldest + 1) % MaxEntries;
            _count--;
        }
    }

    private void MakeRoom()
    {
        if (_end <= _bytes.Length - HpackDecoder.MaxTableSize)
        {
            return;
        }

        var start = EntryAt(0).Start;
        _bytes.AsSpan(start, _end - start).CopyTo(_bytes);
        _end -= start;
        for (var at = 0; at < _count; at++)
        {
            EntryAt(at).Start -= start;
        }
    }

    /// <summary>An entry by its age; 0 is the oldest one.</summary>
    private ref Entry EntryAt(int age) => ref _entries[(_oldest + age) % MaxEntries];

    private record struct Entry(int Start, int NameLength, int ValueLength);
}
