using System.Diagnostics;
using Gateway.Protocol;

namespace Gateway.Chaos.Hub;

/// <summary>A plain client that writes down what it was told.</summary>
internal sealed class PlainListener(Ledger ledger, string user, string session, IReadOnlyList<Uri> addresses)
    : ReconnectingClient(ledger, user, session, addresses, isExtended: false)
{
    private readonly List<(int Number, int Turn)> _told = [];
    private readonly Dictionary<int, int> _known = [];
    private long _firstToldAt = long.MaxValue;

    /// <summary>Whether it has ever been told anything: nothing else says that a plain client is let in.</summary>
    public bool IsWelcome => Volatile.Read(ref _firstToldAt) != long.MaxValue;

    /// <summary>Whether it has an event, by being told or by having loaded when it came.</summary>
    public bool Knows(int number, KeptEvent kept)
    {
        lock (Lock)
        {
            return _known.ContainsKey(number) || kept.KeptAt < _firstToldAt;
        }
    }

    /// <summary>What it was told, in order, and on which of its connections.</summary>
    public IReadOnlyList<(int Number, int Turn)> Told()
    {
        lock (Lock)
        {
            return [.. _told];
        }
    }

    public override string ToString() => $"plain client of {User}";

    protected override async Task FollowAsync(HubSocket socket)
    {
        await socket.SendAsync(new ClientAuthenticationReq { RequestId = "r", SessionId = Session });
        while (await socket.ReceiveAsync(Ending) is { } bytes)
        {
            Wait = Pause;
            Note(Ledger.NumberOf(NotifyMessage.Parser.ParseFrom(bytes.Span)));
        }
    }

    private void Note(int? told)
    {
        if (told is not { } number)
        {
            return;
        }

        lock (Lock)
        {
            _firstToldAt = Math.Min(_firstToldAt, Stopwatch.GetTimestamp());
            _told.Add((number, Turn));
            if (_known.TryGetValue(number, out var turn) && turn == Turn)
            {
                // On one connection: with each new one it loads anew.
                ToldTwice.Add(number);
            }

            _known[number] = Turn;
        }
    }
}
