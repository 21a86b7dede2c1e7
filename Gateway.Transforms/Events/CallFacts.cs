using System.Buffers;
using System.Text;
using Gateway.Transforms.Wire;

namespace Gateway.Transforms.Events;

/// <summary>What the rules of a call go by: who calls, what was asked and answered, and what has been looked up.</summary>
/// <param name="caller">The session's user.</param>
/// <param name="sources">The values of the request, of the answer, and then of each look-up in the order of the route.</param>
/// <param name="users">Reads the details of users; null where no rule shows any.</param>
internal sealed class CallFacts(string caller, FieldValues[] sources, UserDetails? users)
{
    public const int Request = 0;
    public const int Answer = 1;
    public const int FirstLookUp = 2;

    private Dictionary<string, KnownUser>? _users;
    private IReadOnlyDictionary<string, ReadOnlyMemory<byte>>? _told;

    public ReadOnlySequence<byte> Caller { get; } = new(Encoding.UTF8.GetBytes(caller));

    public FieldValues this[int source]
    {
        get => sources[source];
        set => sources[source] = value;
    }

    /// <summary>Notes what the user service has told.</summary>
    public void Learn(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> details) => _told = details;

    /// <summary>The details of a user: only the id where nothing else is known.</summary>
    public KnownUser User(string userId)
    {
        _users ??= new(StringComparer.Ordinal);
        if (!_users.TryGetValue(userId, out var user))
        {
            _users[userId] = user = users!.Read(userId, _told?.GetValueOrDefault(userId) ?? default);
        }

        return user;
    }
}

/// <param name="Whole">The message.</param>
/// <param name="Fields">Those of its fields that rules ask for.</param>
internal sealed record KnownUser(ReadOnlySequence<byte> Whole, FieldValues Fields);
