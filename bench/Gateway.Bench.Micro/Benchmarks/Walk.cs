using BenchmarkDotNet.Attributes;
using Gateway.Protocol;
using Gateway.Transforms.Wire;
using Google.Protobuf;

namespace Gateway.Bench.Micro.Benchmarks;

/// <summary>Follows an upload of 1 MiB that passes by in pieces of 4 KiB, as the server hands them out.</summary>
public class Walk
{
    private const int Bytes = 1 << 20;
    private const int Piece = 4 << 10;

    private readonly byte[] _oneFile = new PutMultiFileReq { FileData = { File(Bytes) } }.ToByteArray();
    private readonly byte[] _manyFiles = new PutMultiFileReq { FileData = { Enumerable.Repeat(File(1 << 10), Bytes >> 10) } }.ToByteArray();
    private readonly MessageFields _fields = MessageFields.Of(PutMultiFileReq.Descriptor);

    /// <summary>Null, as it is well-formed.</summary>
    [Benchmark]
    public string? OneFile() => Problem(_oneFile);

    [Benchmark]
    public string? ManyFiles() => Problem(_manyFiles);

    private string? Problem(ReadOnlySpan<byte> body)
    {
        var walker = new MessageWalker(_fields, open: 0);
        for (; !body.IsEmpty; body = body[Math.Min(Piece, body.Length)..])
        {
            if (walker.Walk(body[..Math.Min(Piece, body.Length)]) is { } problem)
            {
                return problem;
            }
        }

        return walker.End();
    }

    private static FileUploadData File(int bytes) => new() { FileName = "f", FileSize = bytes, FileContent = ByteString.CopyFrom(new byte[bytes]) };
}
