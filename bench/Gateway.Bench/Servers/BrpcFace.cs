using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Google.Protobuf;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Bench.Servers;

/// <summary>The sub-services by baidu_std, brpc's own protocol. Answers to all that has come together leave together, as brpc's do.</summary>
internal sealed class BrpcFace : ConnectionHandler
{
    private const int HeaderBytes = 12;

    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        var (reader, writer) = (connection.Transport.Input, connection.Transport.Output);
        while (true)
        {
            var read = await reader.ReadAsync();
            var rest = read.Buffer;
            while (TryTake(ref rest, out var meta, out var message))
            {
                Answer(writer, meta, message);
            }

            reader.AdvanceTo(rest.Start, rest.End);
            if ((await writer.FlushAsync()).IsCompleted || read.IsCompleted)
            {
                return;
            }
        }
    }

    private static bool TryTake(ref ReadOnlySequence<byte> rest, out ReadOnlySequence<byte> meta, out ReadOnlySequence<byte> message)
    {
        meta = message = default;
        if (rest.Length < HeaderBytes)
        {
            return false;
        }

        Span<byte> header = stackalloc byte[HeaderBytes];
        rest.Slice(0, HeaderBytes).CopyTo(header);
        long body = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        long length = BinaryPrimitives.ReadUInt32BigEndian(header[8..]);
        if (rest.Length < HeaderBytes + body)
        {
            return false;
        }

        meta = rest.Slice(HeaderBytes, length);
        message = rest.Slice(HeaderBytes + length, body - length);
        rest = rest.Slice(HeaderBytes + body);
        return true;
    }

    private static void Answer(PipeWriter writer, in ReadOnlySequence<byte> request, in ReadOnlySequence<byte> message)
    {
        var (method, id) = Read(request);
        var answer = SubService.Answer(method, message.ToArray());
        // RpcMeta with an empty response, which says that all is well, and the number of the call.
        var meta = new byte[3 + CodedOutputStream.ComputeInt64Size(id)];
        using (var output = new CodedOutputStream(meta))
        {
            output.WriteTag(2, WireFormat.WireType.LengthDelimited);
            output.WriteLength(0);
            output.WriteTag(4, WireFormat.WireType.Varint);
            output.WriteInt64(id);
        }

        var length = answer.CalculateSize();
        var frame = writer.GetSpan(HeaderBytes + meta.Length + length);
        "PRPC"u8.CopyTo(frame);
        BinaryPrimitives.WriteInt32BigEndian(frame[4..], meta.Length + length);
        BinaryPrimitives.WriteInt32BigEndian(frame[8..], meta.Length);
        meta.CopyTo(frame[HeaderBytes..]);
        answer.WriteTo(frame.Slice(HeaderBytes + meta.Length, length));
        writer.Advance(HeaderBytes + meta.Length + length);
    }

    private static (string Method, long Id) Read(in ReadOnlySequence<byte> meta)
    {
        var (method, id) = ("", 0L);
        var input = new CodedInputStream(meta.ToArray());
        while (input.ReadTag() is > 0 and var tag)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1:
                    var request = input.ReadBytes().CreateCodedInput();
                    while (request.ReadTag() is > 0 and var inner)
                    {
                        if (WireFormat.GetTagFieldNumber(inner) == 2)
                        {
                            method = request.ReadString();
                        }
                        else
                        {
                            request.SkipLastField();
                        }
                    }

                    break;
                case 4:
                    id = input.ReadInt64();
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        return (method, id);
    }
}
