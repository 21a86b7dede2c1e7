using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Support;

/// <summary>A DNS server that answers each question by UDP as a test says, right or wrong.</summary>
internal sealed class FakeDnsServer : IDisposable
{
    private readonly UdpClient _socket = new(new IPEndPoint(IPAddress.Loopback, 0));
    private int _questions;

    public FakeDnsServer(Func<byte[], byte[]> answer) => _ = AnswerAsync(answer);

    public string Address => _socket.Client.LocalEndPoint!.ToString()!;

    /// <summary>So many have come.</summary>
    public int Questions => Volatile.Read(ref _questions);

    /// <summary>The right answer, to a question of any type: one IPv4 address.</summary>
    public static byte[] With(byte[] question, IPAddress address)
    {
        var end = 12;
        while (question[end] > 0)
        {
            end += question[end] + 1;
        }

        // The id and "an answer, without error"; one question, one record; the question; the record: its name by pointer, A, IN, no time, four bytes.
        return [.. question[..2], 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, .. question[12..(end + 5)], 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, .. address.GetAddressBytes()];
    }

    public void Dispose() => _socket.Dispose();

    private async Task AnswerAsync(Func<byte[], byte[]> answer)
    {
        try
        {
            while (true)
            {
                var question = await _socket.ReceiveAsync();
                Interlocked.Increment(ref _questions);
                await _socket.SendAsync(answer(question.Buffer), question.RemoteEndPoint);
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
            // The test has ended.
        }
    }
}
