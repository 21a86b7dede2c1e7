using System.Collections.Concurrent;
using System.Globalization;

namespace Gateway.Proxy.Sessions.Tracking;

/// <summary>
/// Takes in what comes on a tracking connection, in the order in which it comes. A change that happens after a session was read is told
/// after what was read, so the later one always wins.
/// </summary>
internal sealed class TrackingReplies(RememberedSessions remembered, SessionKeys keys, TimeProvider time)
{
    /// <summary>However long a session lives, it is read anew after this. It bounds what a change that Redis does not tell, such as SWAPDB, can do.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(10);

    private readonly ConcurrentQueue<TrackingRequest> _awaited = new();
    private RespValue? _user;
    private bool _changed;

    /// <summary>To be called in the order of sending, and before it.</summary>
    public void Expect(TrackingRequest request) => _awaited.Enqueue(request);

    public void Take(RespValue value)
    {
        if (value.Kind == RespKind.Push)
        {
            TakePush(value);
        }
        else if (!_awaited.TryPeek(out var request))
        {
            throw new InvalidDataException("Redis has answered what it was not asked.");
        }
        else if (request.SessionId is null)
        {
            _awaited.TryDequeue(out _);
            TrackingHandshake.EnsurePrimary(value);
            remembered.Proven(request.Asked);
        }
        else if (_user is null)
        {
            (_user, _changed) = (value, false);
        }
        else
        {
            _awaited.TryDequeue(out _);
            Remember(request.SessionId, _user, value, request.Asked);
            _user = null;
        }
    }

    private void TakePush(RespValue push)
    {
        if (push.Items is not [{ Text: "invalidate" }, var changed])
        {
            return;
        }

        // Between a user id and the time it has left, whatever has changed: the two may not belong together.
        _changed = true;
        if (changed.Kind == RespKind.Null)
        {
            remembered.ForgetAll();
            return;
        }

        foreach (var key in changed.Items)
        {
            if (keys.SessionOf(key.Text) is { } sessionId)
            {
                remembered.Forget(sessionId);
            }
        }
    }

    private void Remember(string sessionId, RespValue user, RespValue timeLeft, long asked)
    {
        if (_changed || user is not { Kind: RespKind.Text, Text.Length: > 0 } || Lifetime(timeLeft) is not { } lifetime)
        {
            return;
        }

        remembered.Remember(sessionId, user.Text, asked + (long)(lifetime.TotalSeconds * time.TimestampFrequency));
    }

    /// <summary>For how long what was read may be used, from the question on; null if not at all.</summary>
    private static TimeSpan? Lifetime(RespValue timeLeft)
    {
        if (timeLeft.Kind != RespKind.Text || !long.TryParse(timeLeft.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var milliseconds))
        {
            return null;
        }

        return milliseconds switch
        {
            // Never.
            -1 => MaxAge,
            // It is gone.
            < 0 => null,
            _ => TimeSpan.FromMilliseconds(Math.Min(milliseconds, MaxAge.TotalMilliseconds)),
        };
    }
}
