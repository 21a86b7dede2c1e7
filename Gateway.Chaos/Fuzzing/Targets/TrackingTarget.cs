using System.Text;
using Gateway.Proxy.Sessions;
using Gateway.Proxy.Sessions.Tracking;
using Microsoft.Extensions.Options;
using SessionOptions = Gateway.Proxy.Sessions.SessionOptions;

namespace Gateway.Chaos.Fuzzing.Targets;

/// <summary>
/// What Redis says on the connection on which it tells of changed sessions. However it is divided, the same values are read as by a plainer
/// reader; and a session is remembered only as it was read, and not if a change of it has been told since.
/// </summary>
internal sealed class TrackingTarget : IFuzzTarget
{
    /// <summary>What the connection has been asked when the input comes; null for a heartbeat.</summary>
    private static readonly string?[] Asked = ["s1", null, "s2", null];

    private static readonly IOptions<SessionOptions> Settings =
        Options.Create(new SessionOptions { Tracking = true, KeyPattern = "session:{session_id}", CacheEntries = Asked.Length });

    private static readonly SessionKeys Keys = new(Settings);
    private static readonly TimeProvider Clock = new StoppedClock();

    public string Name => "tracking";

    public IReadOnlyList<byte[]> Words { get; } =
    [
        .. new[]
        {
            "\r\n", "$", "*", "%", ">", "~", "=", "!", "|", "$-1", "*-1", "*0", "%1", "+1", "-0", "007", "1048576", "1048577", "2147483648", "_\r\n", "#t\r\n", ":-1\r\n",
            ":-2\r\n", ":60000\r\n", ":9223372036854775808\r\n", "-WRONGTYPE x\r\n", "$5\r\nalice\r\n", "$6\r\nmaster\r\n", ">2\r\n+invalidate\r\n_\r\n",
            ">2\r\n$10\r\ninvalidate\r\n*1\r\n$10\r\nsession:s1\r\n", ">2\r\n$10\r\ninvalidate\r\n*2\r\n+other\r\n+session:s2\r\n",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public bool Accepts(byte[] input, Dice dice)
    {
        var (values, isRefused) = PlainRespReader.Read(input);
        EnsureReadAlike(input, dice, values, isRefused);
        var whole = Life.Of([input]);
        var divided = Life.Of(Pieces.Of(input, dice));
        DisagreementException.Unless(whole == divided, $"whole it ends as {whole}, divided as {divided}");
        EnsureNothingElseIsRemembered(whole, values);
        return whole.IsWhole;
    }

    private static void EnsureReadAlike(byte[] input, Dice dice, IReadOnlyList<RespValue> expected, bool isRefused)
    {
        var rest = Pieces.SequenceOf(input, dice);
        var reader = new RespReader();
        List<RespValue> values = [];
        string? problem = null;
        try
        {
            while (reader.TryRead(ref rest, out var value))
            {
                values.Add(value);
            }
        }
        catch (InvalidDataException refused)
        {
            problem = refused.Message;
        }

        DisagreementException.Unless(isRefused == problem is not null, $"after {values.Count} values it is refused for '{problem}', and plainly it is{(isRefused ? "" : " not")}");
        DisagreementException.Unless(AreAlike(values, expected), "other values are read than plainly");
    }

    private static bool AreAlike(IReadOnlyList<RespValue> ones, IReadOnlyList<RespValue> others) =>
        ones.Count == others.Count && ones.Zip(others).All(pair =>
            pair.First.Kind == pair.Second.Kind && pair.First.Text == pair.Second.Text && AreAlike(pair.First.Items, pair.Second.Items));

    private static void EnsureNothingElseIsRemembered(Life life, IReadOnlyList<RespValue> values)
    {
        var taken = values.Take(life.Taken).ToArray();
        // The first question has two answers, the user and the time he has left, and the heartbeat one.
        EnsureAsRead(life.First, "s1", taken, answer: 0);
        EnsureAsRead(life.Second, "s2", taken, answer: 3);
    }

    private static void EnsureAsRead(string? user, string sessionId, RespValue[] values, int answer)
    {
        if (user is null)
        {
            return;
        }

        var read = values.Select((value, at) => (Value: value, At: at)).Where(told => told.Value.Kind != RespKind.Push).ElementAt(answer);
        DisagreementException.Unless(read.Value.Kind == RespKind.Text && read.Value.Text == user, $"{sessionId} is remembered as '{user}', and was not read so");
        DisagreementException.Unless(!values.Skip(read.At + 1).Any(value => TellsOf(value, Keys.KeyOf(sessionId))), $"{sessionId} is remembered after it has changed");
    }

    private static bool TellsOf(RespValue value, string key) =>
        value is { Kind: RespKind.Push, Items: [{ Text: "invalidate" }, var changed] } && (changed.Kind == RespKind.Null || changed.Items.Any(item => item.Text == key));

    /// <summary>What became of a connection on which the input came.</summary>
    /// <param name="Ending">Why it ended.</param>
    /// <param name="IsWhole">It ended because there was no more.</param>
    /// <param name="Taken">How many values were taken in.</param>
    /// <param name="First">Whose the first session is, if it is remembered.</param>
    /// <param name="Second">Whose the second one is.</param>
    private sealed record Life(string Ending, bool IsWhole, int Taken, string? First, string? Second)
    {
        public static Life Of(IEnumerable<ReadOnlyMemory<byte>> pieces)
        {
            var remembered = new RememberedSessions(Settings, Clock);
            var replies = new TrackingReplies(remembered, Keys, Clock);
            foreach (var sessionId in Asked)
            {
                replies.Expect(new TrackingRequest(sessionId, Clock.GetTimestamp()));
            }

            var (over, taken) = Take(new TrackingConnection(new PieceStream(pieces)), replies);
            // As if a proof came: what it would let pass.
            remembered.Proven(Clock.GetTimestamp());
            return new Life(over.Message, over is EndOfStreamException, taken, UserOf("s1"), UserOf("s2"));

            string? UserOf(string sessionId) => remembered.TryFind(sessionId, out var found) ? found.UserId : null;
        }

        private static (Exception Over, int Taken) Take(TrackingConnection connection, TrackingReplies replies)
        {
            for (var taken = 0; ; taken++)
            {
                try
                {
                    replies.Take(connection.ReadAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult());
                }
                catch (Exception over) when (over is IOException or InvalidDataException)
                {
                    return (over, taken);
                }
            }
        }
    }

    /// <summary>Nothing expires while an input is read, be it in one piece or in many.</summary>
    private sealed class StoppedClock : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }
}
