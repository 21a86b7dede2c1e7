using System.Globalization;

namespace Gateway.Proxy.Routing;

/// <summary>Whether a text can be read as the type of its setting. It is asked as the reader of the section asks.</summary>
internal sealed class ValueReader
{
    /// <summary>YARP's own.</summary>
    public static readonly ValueReader OfRoutes = new(
        takesEmpty: false, NumberStyles.AllowLeadingSign, text => TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out _));

    /// <summary>The framework's binder, for the section Gateway. What is empty is left at its default.</summary>
    public static readonly ValueReader OfGateway = new(
        takesEmpty: true, NumberStyles.Integer, text => TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out _));

    private readonly bool _takesEmpty;
    private readonly NumberStyles _whole;
    private readonly Func<string, bool> _isTime;

    private ValueReader(bool takesEmpty, NumberStyles whole, Func<string, bool> isTime)
    {
        _takesEmpty = takesEmpty;
        _whole = whole;
        _isTime = isTime;
    }

    /// <summary>The text for a sentence. An address may hold a password.</summary>
    public static string Show(Type type, string text) => type == typeof(Uri) && text.Contains('@', StringComparison.Ordinal) ? "(hidden)" : text;

    /// <summary>What to write instead; null where the text can be read.</summary>
    public string? FindCure(Type type, string text)
    {
        if (_takesEmpty && text.Length == 0)
        {
            return null;
        }

        var (isReadable, cure) = type switch
        {
            _ when type == typeof(TimeSpan) => (_isTime(text), "a time written as hours:minutes:seconds, as '00:00:05', or '1.00:00:00' for a day"),
            _ when type == typeof(bool) => (bool.TryParse(text, out _), "'true' or 'false'"),
            _ when type == typeof(int) => (int.TryParse(text, _whole, CultureInfo.InvariantCulture, out _), $"a whole number, at most {int.MaxValue}"),
            _ when type == typeof(long) => (long.TryParse(text, _whole, CultureInfo.InvariantCulture, out _), $"a whole number, at most {long.MaxValue}"),
            _ when type == typeof(double) => (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _), "a number, as '0.5'"),
            _ when type == typeof(Uri) => (Uri.TryCreate(text, UriKind.Absolute, out _), "an address, as 'http://host:port'"),
            _ when type == typeof(Version) => (IsVersion(text), "a version, as '2' or '1.1'"),
            { IsEnum: true } => (Enum.TryParse(type, text, ignoreCase: true, out _), NamesOf(type)),
            _ => (true, ""),
        };
        return isReadable ? null : cure;
    }

    private static bool IsVersion(string text) => text.Length == 0 || Version.TryParse(text.Contains('.', StringComparison.Ordinal) ? text : text + ".0", out _);

    private static string NamesOf(Type type)
    {
        string[] names = [.. Enum.GetNames(type).Select(name => $"'{name}'")];
        return names.Length == 1 ? names[0] : $"{string.Join(", ", names[..^1])} or {names[^1]}";
    }
}
