using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Gateway.Transforms.Wire;

/// <summary>Values as they are written in a message. Source: https://protobuf.dev/programming-guides/encoding/.</summary>
internal static class WireValue
{
    /// <summary>What a parser reads: whole numbers, enums and booleans (0 or 1) as they are, up to 2^53; beyond that, and for fractions, the nearest double.</summary>
    public static double Read(in ReadOnlySequence<byte> value, FieldType type)
    {
        var bits = Bits(value, type);
        return type switch
        {
            FieldType.Bool => bits != 0 ? 1 : 0,
            FieldType.Int32 or FieldType.Enum or FieldType.SFixed32 => (int)bits,
            FieldType.Int64 or FieldType.SFixed64 => (long)bits,
            FieldType.UInt32 or FieldType.Fixed32 => (uint)bits,
            FieldType.SInt32 => (int)((uint)bits >> 1) ^ -(int)(bits & 1),
            FieldType.SInt64 => (long)(bits >> 1) ^ -(long)(bits & 1),
            FieldType.Float => BitConverter.UInt32BitsToSingle((uint)bits),
            FieldType.Double => BitConverter.UInt64BitsToDouble(bits),
            _ => bits,
        };
    }

    /// <summary>The bits of a number, as a parser keeps them.</summary>
    public static ulong Bits(in ReadOnlySequence<byte> value, FieldType type)
    {
        switch (WireTag.TypeOf(type))
        {
            case WireTag.Fixed32:
                Span<byte> four = stackalloc byte[sizeof(uint)];
                value.CopyTo(four);
                return BinaryPrimitives.ReadUInt32LittleEndian(four);
            case WireTag.Fixed64:
                Span<byte> eight = stackalloc byte[sizeof(ulong)];
                value.CopyTo(eight);
                return BinaryPrimitives.ReadUInt64LittleEndian(eight);
            default:
                var reader = new SequenceReader<byte>(value);
                FieldReader.TryReadVarint(ref reader, WireTag.MaxVarintBytes, out var bits);
                return type is FieldType.Bool ? bits != 0 ? 1UL : 0 : type is FieldType.UInt32 or FieldType.SInt32 ? (uint)bits
                    : type is FieldType.Int32 or FieldType.Enum ? (ulong)(int)bits : bits;
        }
    }

    /// <summary>A field that is a text, with its tag.</summary>
    public static ReadOnlyMemory<byte> Text(int field, string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        var bytes = WithHead(field, length, length, out var value);
        Encoding.UTF8.GetBytes(text, value);
        return bytes;
    }

    /// <summary>A field that is a message or bytes, with its tag.</summary>
    public static ReadOnlyMemory<byte> Bytes(int field, ReadOnlySpan<byte> content)
    {
        var bytes = WithHead(field, content.Length, content.Length, out var value);
        content.CopyTo(value);
        return bytes;
    }

    /// <summary>A field that is a number, an enum or a boolean, with its tag.</summary>
    public static ReadOnlyMemory<byte> Number(int field, ulong number)
    {
        var bytes = new byte[NumberSize(field, number)];
        var target = bytes.AsSpan();
        WriteNumber(ref target, field, number);
        return bytes;
    }

    /// <summary>What stands before a text, a message or bytes.</summary>
    public static ReadOnlyMemory<byte> Head(int field, int length) => WithHead(field, length, room: 0, out _);

    /// <summary>How many bytes a field takes that is a text, a message or bytes of this length.</summary>
    public static int FieldSize(int field, int length) => HeadSize(field, length) + length;

    /// <summary>How many bytes a field takes that is a number.</summary>
    public static int NumberSize(int field, ulong number) => VarintSize(WireFormat.MakeTag(field, WireFormat.WireType.Varint)) + VarintSize(number);

    /// <summary>Writes what stands before a text, a message or bytes, and moves behind it.</summary>
    public static void WriteHead(ref Span<byte> target, int field, int length)
    {
        WriteVarint(ref target, WireFormat.MakeTag(field, WireFormat.WireType.LengthDelimited));
        WriteVarint(ref target, (uint)length);
    }

    /// <summary>Writes a field that is a number, with its tag, and moves behind it.</summary>
    public static void WriteNumber(ref Span<byte> target, int field, ulong number)
    {
        WriteVarint(ref target, WireFormat.MakeTag(field, WireFormat.WireType.Varint));
        WriteVarint(ref target, number);
    }

    public static int VarintSize(ulong value) => CodedOutputStream.ComputeUInt64Size(value);

    /// <summary>Writes a number and moves behind it.</summary>
    public static void WriteVarint(ref Span<byte> target, ulong value)
    {
        var used = 0;
        for (; value >= 0x80; value >>= 7)
        {
            target[used++] = (byte)(value | 0x80);
        }

        target[used++] = (byte)value;
        target = target[used..];
    }

    private static int HeadSize(int field, int length) => VarintSize(WireFormat.MakeTag(field, WireFormat.WireType.LengthDelimited)) + VarintSize((uint)length);

    private static byte[] WithHead(int field, int length, int room, out Span<byte> value)
    {
        var bytes = new byte[HeadSize(field, length) + room];
        value = bytes;
        WriteHead(ref value, field, length);
        return bytes;
    }
}
