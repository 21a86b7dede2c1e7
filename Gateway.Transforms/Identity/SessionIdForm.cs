using System.Buffers;
using System.Text;
using Gateway.Transforms.Wire;
using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Identity;

/// <summary>Reads a session id from a message, if it has the form of one.</summary>
internal sealed class SessionIdForm
{
    private const string LettersAndDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    private readonly SearchValues<byte> _allowed;
    private readonly SearchValues<char> _allowedChars;
    private readonly int _minLength;
    private readonly int _maxLength;

    public SessionIdForm(IOptions<SessionIdOptions> options)
    {
        var value = options.Value;
        _allowed = SearchValues.Create(Encoding.ASCII.GetBytes(LettersAndDigits + value.IdPunctuation));
        _allowedChars = SearchValues.Create(LettersAndDigits + value.IdPunctuation);
        _minLength = value.MinIdLength;
        _maxLength = value.MaxIdLength;
    }

    /// <summary>Whether a string has the form of a session id.</summary>
    public bool IsSessionId(string text) =>
        text.Length >= _minLength && text.Length <= _maxLength && !text.AsSpan().ContainsAnyExcept(_allowedChars);

    /// <summary>The session id at <paramref name="range"/>; null when there is none or it is malformed.</summary>
    public string? Read(in ReadOnlySequence<byte> message, FieldRange range)
    {
        if (range.IsAbsent || range.Length < _minLength || range.Length > _maxLength)
        {
            return null;
        }

        Span<byte> id = stackalloc byte[(int)range.Length];
        message.Slice(range.Offset, range.Length).CopyTo(id);
        return id.ContainsAnyExcept(_allowed) ? null : Encoding.ASCII.GetString(id);
    }
}
