using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Gateway.Bench.Servers;
using Gateway.Protocol;
using Google.Protobuf;

namespace Gateway.Bench.Load;

/// <summary>
/// Small calls of many users, each sent when its time has come, whatever became of those before. Every answer has to name the user of the session.
/// Load generators that can be installed send one and the same body.
/// </summary>
internal sealed class OpenLoop : IDisposable
{
    private const int Connections = 500;
    private const int Seed = 19;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly Candidate _candidate;
    private readonly Line[] _lines = new Line[Connections];

    private OpenLoop(Candidate candidate) => _candidate = candidate;

    public static async Task<OpenLoop> ConnectAsync(Candidate candidate)
    {
        var loop = new OpenLoop(candidate);
        for (var i = 0; i < Connections; i++)
        {
            loop._lines[i] = await Line.ConnectAsync(candidate);
        }

        return loop;
    }

    /// <summary>Calls that come by chance, so many a second on average; the same each time.</summary>
    /// <param name="sessionOf">Whose turn it is.</param>
    /// <returns>How long each took, in milliseconds; from its time on, if its connection was still busy.</returns>
    public async Task<double[]> RunAsync(double perSecond, int count, Func<int, int> sessionOf)
    {
        var took = new double[count];
        var answers = new Task[count];
        await Task.Factory.StartNew(
            () =>
            {
                var random = new Random(Seed);
                var began = Stopwatch.GetTimestamp();
                var due = 0.0;
                for (var turn = 0; turn < count; turn++)
                {
                    due -= Math.Log(1 - random.NextDouble()) / perSecond;
                    Pause(due - Stopwatch.GetElapsedTime(began).TotalSeconds);
                    answers[turn] = CallAsync(_lines[turn % Connections], turn, sessionOf(turn), took);
                }
            },
            TaskCreationOptions.LongRunning);
        await Task.WhenAll(answers).WaitAsync(Limit);
        return took;
    }

    public void Dispose() => Array.ForEach(_lines, line => line?.Dispose());

    private async Task CallAsync(Line line, int turn, int session, double[] took)
    {
        var began = Stopwatch.GetTimestamp();
        var answer = await line.CallAsync(session);
        took[turn] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        if (answer is not { Success: true } || answer.UserInfo.UserId != People.User(session))
        {
            throw new InvalidOperationException($"{_candidate.Name} answered {People.Session(session)} wrongly: {answer}");
        }
    }

    /// <summary>For less than a millisecond, which is the least that .NET's own pauses take.</summary>
    private static void Pause(double seconds)
    {
        if (seconds > 0)
        {
            _ = Sleep((uint)(seconds * 1e6));
        }
    }

    [DllImport("libc", EntryPoint = "usleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Sleep(uint microseconds);

    /// <summary>A connection with one call at a time.</summary>
    private sealed class Line : IDisposable
    {
        private readonly System.Net.Sockets.Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        private readonly SemaphoreSlim _free = new(1);
        private readonly byte[] _buffer = new byte[4096];
        private string _head = "";

        public static async Task<Line> ConnectAsync(Candidate candidate)
        {
            var line = new Line { _head = $"POST {Calls.UserInfo.Path} HTTP/1.1\r\nHost: {candidate.Http.Authority}\r\nContent-Type: application/x-protobuf\r\nContent-Length: " };
            await line._socket.ConnectAsync(IPAddress.Loopback, candidate.Port);
            return line;
        }

        public async Task<GetUserInfoRsp> CallAsync(int session)
        {
            await _free.WaitAsync();
            try
            {
                var body = new GetUserInfoReq { RequestId = "0123456789abcdef", SessionId = People.Session(session) }.ToByteArray();
                await _socket.SendAsync((byte[])[.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{_head}{body.Length}\r\n\r\n")), .. body]);
                return GetUserInfoRsp.Parser.ParseFrom((await ReceiveAsync()).Span);
            }
            finally
            {
                _free.Release();
            }
        }

        public void Dispose()
        {
            _socket.Dispose();
            _free.Dispose();
        }

        /// <summary>The body of an answer, which has a length and comes to less than the buffer.</summary>
        private async Task<ReadOnlyMemory<byte>> ReceiveAsync()
        {
            for (var filled = 0; ;)
            {
                var read = await _socket.ReceiveAsync(_buffer.AsMemory(filled));
                filled += read;
                if (Body(filled) is { } body)
                {
                    return body;
                }

                if (read == 0)
                {
                    throw new InvalidOperationException($"A connection ended: {Encoding.ASCII.GetString(_buffer, 0, filled)}");
                }
            }
        }

        /// <summary>Null while some of it is to come.</summary>
        private ReadOnlyMemory<byte>? Body(int filled)
        {
            var answer = _buffer.AsSpan(0, filled);
            var start = answer.IndexOf("\r\n\r\n"u8) + 4;
            if (start < 4)
            {
                return null;
            }

            var name = answer.IndexOf("\r\nContent-Length: "u8);
            if (!answer.StartsWith("HTTP/1.1 200 "u8) || name < 0 || name > start)
            {
                throw new InvalidOperationException($"A call failed: {Encoding.ASCII.GetString(answer)}");
            }

            var length = answer[(name + "\r\nContent-Length: ".Length)..];
            var end = start + int.Parse(length[..length.IndexOf("\r\n"u8)], CultureInfo.InvariantCulture);
            return filled < end ? null : _buffer.AsMemory(start, end - start);
        }
    }
}
