using System.Buffers;
using System.Text;

namespace Gateway.Proxy.Sessions.Tracking;

/// <summary>Writes commands as Redis reads them. Each argument says its length, so nothing in one can be taken for another.</summary>
internal static class RespWriter
{
    public static void Write(IBufferWriter<byte> output, params ReadOnlySpan<string> command)
    {
        Encoding.UTF8.GetBytes($"*{command.Length}\r\n", output);
        foreach (var argument in command)
        {
            Encoding.UTF8.GetBytes($"${Encoding.UTF8.GetByteCount(argument)}\r\n{argument}\r\n", output);
        }
    }
}
