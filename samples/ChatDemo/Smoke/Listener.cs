using System.Net.WebSockets;
using ChatDemo.Hosting;
using Google.Protobuf;

namespace ChatDemo.Smoke;

/// <summary>A socket for whoever tries events by hand.</summary>
internal static class Listener
{
    /// <summary>Writes the next event of a session as it came, for <c>protoc --decode</c> to read; returns the exit code.</summary>
    public static async Task<int> ListenAsync(DemoOptions options)
    {
        try
        {
            using var socket = await NotifySocket.OpenAsync("the socket", new Uri($"ws://127.0.0.1:{options.WebSocketPort}/ws"), options.Listen!);
            await Console.Error.WriteLineAsync("Connected; waiting for an event.");
            var message = await socket.NextAsync(Timeout.InfiniteTimeSpan);
            await using var output = Console.OpenStandardOutput();
            await output.WriteAsync(message.ToByteArray());
            return 0;
        }
        catch (Exception e) when (e is ExpectationException or WebSocketException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
    }
}
