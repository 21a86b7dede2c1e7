using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.Proxy.Limits;

/// <summary>
/// Which counter a value of a request counts on. There are so many counters and no more, whatever clients send. A few bits of a hash name one:
/// thousands of phone numbers share each, so it tells nobody's number, in Redis or in memory.
/// </summary>
internal static class FieldSlot
{
    public const int Count = 1 << 20;

    /// <summary>Values up to this length, in bytes, are copied to the stack.</summary>
    private const int Short = 256;

    /// <summary>The counter of a value. Upper and lower case of ASCII are the same, and spaces and control characters do not count: servers tend to pass over both.</summary>
    public static int Of(in ReadOnlySequence<byte> value)
    {
        Span<byte> bytes = value.Length <= Short ? stackalloc byte[Short] : new byte[value.Length];
        var length = 0;
        foreach (var piece in value)
        {
            foreach (var character in piece.Span)
            {
                if (character > ' ')
                {
                    bytes[length++] = character is >= (byte)'A' and <= (byte)'Z' ? (byte)(character | 0x20) : character;
                }
            }
        }

        return Of(bytes[..length]);
    }

    /// <summary>The counter of those who send no value, by their address.</summary>
    public static int OfAddress(string address) => Of(Encoding.UTF8.GetBytes($"address {address}"));

    private static int Of(ReadOnlySpan<byte> value)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(value, hash);
        return BitConverter.ToInt32(hash) & (Count - 1);
    }
}
