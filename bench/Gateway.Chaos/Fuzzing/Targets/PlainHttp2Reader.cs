using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;

namespace Gateway.Chaos.Fuzzing.Targets;

/// <summary>
/// A client of RFC 9113 and of gRPC in the plainest way: all bytes at once, one frame after another, everything kept. It has sent empty requests
/// on the first few streams. What <see cref="Gateway.Transforms.Upstream.Http2.Http2Connection"/> makes of any bytes has to agree.
/// </summary>
internal sealed class PlainHttp2Reader
{
    private const int MaxFrame = 16384;
    private const int FirstWindow = 65535;

    /// <summary>The empty message in its frame.</summary>
    private const int RequestLength = 5;

    private readonly SortedDictionary<int, Call> _streams = [];
    private readonly PlainHpackReader _headers = new();
    private long _window = FirstWindow;
    private long _peerStreamWindow = FirstWindow;
    private bool _isGreeted;
    private int _blockOf;
    private bool _blockEndsStream;
    private List<byte> _block = [];

    private PlainHttp2Reader(int calls)
    {
        for (var i = 0; i < calls; i++)
        {
            _streams.Add((2 * i) + 1, new Call { Window = FirstWindow - RequestLength });
            _window -= RequestLength;
        }
    }

    /// <summary>All that came could be read, as far as it was whole.</summary>
    public bool IsReadable { get; private set; } = true;

    /// <summary>A header block is begun and not ended: what is wrong in it may be seen now or later.</summary>
    public bool EndsInABlock => _blockOf != 0;

    public static PlainHttp2Reader Read(byte[] bytes, int calls)
    {
        var reader = new PlainHttp2Reader(calls);
        try
        {
            reader.Read(bytes);
        }
        catch (InvalidDataException)
        {
            reader.IsReadable = false;
            reader._blockOf = 0;
        }

        return reader;
    }

    /// <summary>The message of a stream's answer; null when there is no good one.</summary>
    public byte[]? AnswerOf(int stream)
    {
        var (header, trailer, body) = (_streams[stream].Header, _streams[stream].Trailer, _streams[stream].Body);
        if (!_streams[stream].IsWhole
            || Last(header, ":status") != "200"
            || First(header, "content-type")?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) is not true
            || body.Count < 5
            || body[0] > 1
            || BinaryPrimitives.ReadUInt32BigEndian([.. body[1..5]]) != body.Count - 5
            || trailer.Count(field => field.Name == "grpc-status") != 1
            || !IsZero(First(trailer, "grpc-status")!))
        {
            return null;
        }

        byte[] message = [.. body[5..]];
        return body[0] == 0 ? message : Unpacked(message, First(header, "grpc-encoding"));
    }

    private static byte[]? Unpacked(byte[] message, string? encoding)
    {
        using var packed = new MemoryStream(message);
        using Stream? unpacked = encoding switch
        {
            "gzip" => new GZipStream(packed, CompressionMode.Decompress),
            "deflate" => new ZLibStream(packed, CompressionMode.Decompress),
            _ => null,
        };
        try
        {
            using var bytes = new MemoryStream();
            unpacked?.CopyTo(bytes);
            return unpacked is null ? null : bytes.ToArray();
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static bool IsZero(string status) =>
        status.Length > 0 && int.TryParse(status, NumberStyles.None, CultureInfo.InvariantCulture, out var code) && code == 0;

    private static string? First(List<(string Name, string Value)> fields, string name) => fields.Where(field => field.Name == name).Select(field => field.Value).FirstOrDefault();

    private static string? Last(List<(string Name, string Value)> fields, string name) => fields.Where(field => field.Name == name).Select(field => field.Value).LastOrDefault();

    private static void Ensure(bool isRight)
    {
        if (!isRight)
        {
            throw new InvalidDataException();
        }
    }

    private void Read(byte[] bytes)
    {
        for (var at = 0; bytes.Length - at >= 9;)
        {
            var head = bytes.AsSpan(at, 9);
            var length = (head[0] << 16) + (head[1] << 8) + head[2];
            var (type, flags, stream) = (head[3], head[4], (int)(BinaryPrimitives.ReadUInt32BigEndian(head[5..]) & 0x7FFFFFFF));
            Ensure(_isGreeted || (type == 4 && (flags & 1) == 0));
            Ensure(_blockOf == 0 || (type == 9 && stream == _blockOf));
            at += 9;
            if (length > MaxFrame)
            {
                Ensure(type == 0 && _streams.ContainsKey(stream));
                _streams[stream].Fail();
            }
            else if (bytes.Length - at >= length)
            {
                Read(type, flags, stream, bytes[at..(at + length)]);
            }

            at = Math.Min(at + length, bytes.Length);
        }
    }

    private void Read(byte type, byte flags, int stream, byte[] payload)
    {
        switch (type)
        {
            case 0:
                Ensure(_streams.ContainsKey(stream));
                Data(_streams[stream], Unpadded(flags, payload), (flags & 1) != 0);
                break;
            case 1:
                Ensure(_streams.ContainsKey(stream));
                var block = Unpadded(flags, payload);
                Ensure((flags & 32) == 0 || block.Length >= 5);
                (_blockOf, _blockEndsStream, _block) = (stream, (flags & 1) != 0, [.. (flags & 32) == 0 ? block : block[5..]]);
                EndBlock(flags);
                break;
            case 3:
                Ensure(_streams.ContainsKey(stream) && payload.Length == 4);
                _streams[stream].Fail();
                break;
            case 4 when (flags & 1) == 0:
                Settings(payload);
                break;
            case 5:
                Ensure(false);
                break;
            case 6:
                Ensure(payload.Length == 8);
                break;
            case 7:
                Ensure(payload.Length >= 8);
                foreach (var (_, later) in _streams.Where(pair => pair.Key > (BinaryPrimitives.ReadUInt32BigEndian(payload) & 0x7FFFFFFF)))
                {
                    later.Fail();
                }

                break;
            case 8:
                Ensure(payload.Length == 4);
                Window(stream, BinaryPrimitives.ReadUInt32BigEndian(payload) & 0x7FFFFFFF);
                break;
            case 9:
                Ensure(_blockOf != 0);
                _block.AddRange(payload);
                EndBlock(flags);
                break;
        }
    }

    private static byte[] Unpadded(byte flags, byte[] payload)
    {
        if ((flags & 8) == 0)
        {
            return payload;
        }

        Ensure(payload.Length > payload.FirstOrDefault());
        return payload[1..^payload[0]];
    }

    private static void Data(Call stream, byte[] bytes, bool isEnd)
    {
        if (stream.IsOver)
        {
            return;
        }

        if (!stream.HasHeader || stream.IsWhole)
        {
            stream.Fail();
            return;
        }

        stream.Body.AddRange(bytes);
        stream.IsWhole = isEnd;
    }

    private void EndBlock(byte flags)
    {
        if ((flags & 4) == 0)
        {
            return;
        }

        var fields = _headers.ReadBlock([.. _block]);
        Ensure(fields is not null);
        var stream = _streams[_blockOf];
        _blockOf = 0;
        if (!stream.IsOver && !stream.IsWhole)
        {
            Fields(stream, [.. fields!]);
        }
    }

    private void Fields(Call stream, List<(string Name, string Value)> fields)
    {
        if (stream.HasHeader)
        {
            stream.Trailer = fields;
            stream.IsWhole = _blockEndsStream;
            if (!_blockEndsStream)
            {
                stream.Fail();
            }

            return;
        }

        var text = Last(fields, ":status") ?? "";
        var status = text.Length == 3 && text.All(char.IsAsciiDigit) ? int.Parse(text, CultureInfo.InvariantCulture) : 0;
        if (status >= 200)
        {
            (stream.HasHeader, stream.Header, stream.IsWhole) = (true, fields, _blockEndsStream);
            stream.Trailer = _blockEndsStream ? fields : [];
        }
        else if (status is 0 or 101 || _blockEndsStream)
        {
            stream.Fail();
        }
    }

    private void Settings(byte[] payload)
    {
        Ensure(payload.Length % 6 == 0);
        foreach (var setting in payload.Chunk(6))
        {
            var value = BinaryPrimitives.ReadUInt32BigEndian(setting.AsSpan(2));
            switch (BinaryPrimitives.ReadUInt16BigEndian(setting))
            {
                case 4:
                    Ensure(value <= int.MaxValue);
                    foreach (var (_, stream) in _streams)
                    {
                        stream.Window += value - _peerStreamWindow;
                    }

                    _peerStreamWindow = value;
                    break;
                case 5:
                    Ensure(value is >= 1 << 14 and < 1 << 24);
                    break;
            }
        }

        _isGreeted = true;
    }

    private void Window(int stream, uint more)
    {
        if (stream == 0)
        {
            _window += more;
            Ensure(more > 0 && _window <= int.MaxValue);
        }
        else if (_streams.TryGetValue(stream, out var one))
        {
            one.Window += more;
            if (more == 0 || one.Window > int.MaxValue)
            {
                one.Fail();
            }
        }
    }

    private sealed class Call
    {
        public long Window { get; set; }

        public bool HasHeader { get; set; }

        public List<(string Name, string Value)> Header { get; set; } = [];

        public List<(string Name, string Value)> Trailer { get; set; } = [];

        public List<byte> Body { get; } = [];

        /// <summary>The answer has come to its end.</summary>
        public bool IsWhole { get; set; }

        /// <summary>Nothing more is heard of it.</summary>
        public bool IsOver { get; private set; }

        /// <summary>Of an answer that is whole already, that says nothing.</summary>
        public void Fail() => IsOver = true;
    }
}
