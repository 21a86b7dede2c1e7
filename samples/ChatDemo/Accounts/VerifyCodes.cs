using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using ChatDemo.Services;
using ChatDemo.Storage;

namespace ChatDemo.Accounts;

/// <summary>
/// Phone verification codes: six digits, valid for five minutes, good for one attempt (so that a million guesses
/// need a million text messages). Kept in memory: a restart only means asking for a new one.
/// </summary>
internal sealed class VerifyCodes(TimeProvider time)
{
    private static readonly TimeSpan Validity = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>Stands for the text message: phone number and code.</summary>
    public event Action<string, string>? Sent;

    /// <summary>Sends a code and returns its id, which the client presents with it.</summary>
    public string Send(string phone)
    {
        DropExpired();
        var id = RandomId.Create();
        var code = RandomNumberGenerator.GetInt32(1_000_000).ToString("D6", CultureInfo.InvariantCulture);
        _entries[id] = new Entry(phone, code, time.GetUtcNow() + Validity);
        Sent?.Invoke(phone, code);
        return id;
    }

    public void Check(string id, string code, string phone)
    {
        var accepted = _entries.TryRemove(id, out var entry)
            && entry.Code == code
            && entry.Phone == phone
            && time.GetUtcNow() < entry.ValidUntil;
        if (!accepted)
        {
            throw new RefusedException("The verification code is wrong or no longer valid. Ask for a new one.");
        }
    }

    private void DropExpired()
    {
        foreach (var (id, entry) in _entries)
        {
            if (entry.ValidUntil <= time.GetUtcNow())
            {
                _entries.TryRemove(id, out _);
            }
        }
    }

    private sealed record Entry(string Phone, string Code, DateTimeOffset ValidUntil);
}
