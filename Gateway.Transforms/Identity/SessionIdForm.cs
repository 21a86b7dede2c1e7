using System.Buffers;
using System.Text;
using Gateway.Transforms.Wire;
using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Identity;

/// <summary>Reads a session id, or a token where these are taken, from a message, if it has the form of one.</summary>
internal sealed class SessionIdForm
{
    private const string LettersAndDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private const char Separator = '.';
    private const int Separators = 2;

    private static readonly SearchValues<char> OfTokens = SearchValues.Create(LettersAndDigits + "-_" + Separator);

    private readonly SearchValues<byte> _allowed;
    private readonly SearchValues<char> _allowedChars;
    private readonly int _minLength;
    private readonly int _maxLength;
    private readonly int _maxTokenLength;

    public SessionIdForm(IOptions<SessionIdOptions> options)
    {
        var value = options.Value;
        _allowed = SearchValues.Create(Encoding.ASCII.GetBytes(LettersAndDigits + value.IdPunctuation));
        _allowedChars = SearchValues.Create(LettersAndDigits + value.IdPunctuation);
        _minLength = value.MinIdLength;
        _maxLength = value.MaxIdLength;
        _maxTokenLength = value.MaxTokenLength;
    }

    /// <summary>Whether a string has the form of a session id or of a token.</summary>
    public bool IsSessionId(string text) =>
        (text.Length >= _minLength && text.Length <= _maxLength && !text.AsSpan().ContainsAnyExcept(_allowedChars)) || IsToken(text);

    /// <summary>Whether a string has the form of a token, which no session id has. Never where none are taken.</summary>
    public bool IsToken(string text) =>
        text.Length <= _maxTokenLength && text.AsSpan().Count(Separator) == Separators && !text.AsSpan().ContainsAnyExcept(OfTokens);

    /// <summary>The session id or token at <paramref name="range"/>; null when there is none or it is malformed.</summary>
    public string? Read(in ReadOnlySequence<byte> message, FieldRange range)
    {
        if (range.IsAbsent || range.Length < _minLength || range.Length > _maxLength)
        {
            return ReadToken(message, range);
        }

        Span<byte> id = stackalloc byte[(int)range.Length];
        message.Slice(range.Offset, range.Length).CopyTo(id);
        return id.ContainsAnyExcept(_allowed) ? ReadToken(message, range) : Encoding.ASCII.GetString(id);
    }

    private string? ReadToken(in ReadOnlySequence<byte> message, FieldRange range)
    {
        if (range.IsAbsent || range.Length > _maxTokenLength)
        {
            return null;
        }

        var text = Encoding.ASCII.GetString(message.Slice(range.Offset, range.Length));
        return IsToken(text) ? text : null;
    }
}
