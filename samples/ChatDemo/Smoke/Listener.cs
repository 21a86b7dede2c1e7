using System.Net.WebSockets;
using ChatDemo.Hosting;
using Google.Protobuf;

namespace ChatDemo.Smoke;

/// <summary>A socket for whoever tries events by hand.</summary>
internal static class Listener
{
    /// <summary>Writes the next event of a session to the standard output as it came, for <c>protoc --decode</c> to read; returns the exit code.</summary>
    /// <param name="options">The session, and where the demo is.</param>
    /// <param name="error">Gets what is told to whoever waits.</param>
    public static async Task<int> ListenAsync(DemoOptions options, TextWriter error)
    {
        NotifySocket? socket = null;
        try
        {
            socket = await NotifySocket.OpenAsync("the socket", new Uri($"ws://127.0.0.1:{options.WebSocketPort}/ws"), options.Listen!);
            await error.WriteLineAsync("Connected; waiting for an event.");
            var message = await socket.NextAsync(Timeout.InfiniteTimeSpan);
            await using var output = Console.OpenStandardOutput();
            await output.WriteAsync(message.ToByteArray());
            return 0;
        }
        catch (Exception e) when (e is ExpectationException or WebSocketException)
        {
            await error.WriteLineAsync(
                socket is { IsRefused: true } ? "This session is not logged in; log in, and take the login_session_id of the answer." : e.Message);
            return 1;
        }
        finally
        {
            socket?.Dispose();
        }
    }
}
