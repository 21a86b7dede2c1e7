using System.Buffers.Binary;
using System.Text;

namespace Gateway.Tests.Transforms.Wire;

/// <summary>Writes single fields of a message byte by byte, also in ways that no library would.</summary>
internal static class Raw
{
    public const int Varint = 0;
    public const int Fixed64 = 1;
    public const int Length = 2;
    public const int Fixed32 = 5;

    /// <summary>A varint; zeros are appended to it until it takes <paramref name="minBytes"/> bytes.</summary>
    public static byte[] Number(ulong value, int minBytes = 1)
    {
        List<byte> bytes = [];
        do
        {
            bytes.Add((byte)(value & 0x7F));
            value >>= 7;
        }
        while (value > 0 || bytes.Count < minBytes);

        for (var i = 0; i < bytes.Count - 1; i++)
        {
            bytes[i] |= 0x80;
        }

        return [.. bytes];
    }

    public static byte[] Tag(int field, int wireType, int minBytes = 1) => Number(((ulong)(uint)field << 3) | (uint)wireType, minBytes);

    public static byte[] Text(int field, string value, int tagBytes = 1, int lengthBytes = 1)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        return Join(Tag(field, Length, tagBytes), Number((ulong)bytes.Length, lengthBytes), bytes);
    }

    public static byte[] Bytes(int field, byte[] value) => Join(Tag(field, Length), Number((ulong)value.Length), value);

    public static byte[] Integer(int field, ulong value, int tagBytes = 1, int valueBytes = 1) =>
        Join(Tag(field, Varint, tagBytes), Number(value, valueBytes));

    public static byte[] Bits32(int field, uint value, int tagBytes = 1)
    {
        var bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return Join(Tag(field, Fixed32, tagBytes), bytes);
    }

    public static byte[] Bits64(int field, ulong value, int tagBytes = 1)
    {
        var bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return Join(Tag(field, Fixed64, tagBytes), bytes);
    }

    public static byte[] Join(params IEnumerable<byte[]> pieces) => [.. pieces.SelectMany(piece => piece)];
}
