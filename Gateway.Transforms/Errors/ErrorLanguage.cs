using Microsoft.Net.Http.Headers;
using Microsoft.Extensions.Primitives;

namespace Gateway.Transforms.Errors;

/// <summary>Picks the language of an errmsg from Accept-Language (RFC 9110, section 12.5.4).</summary>
internal static class ErrorLanguage
{
    public const string EnglishTag = "en";
    public const string ChineseTag = "zh-CN";

    /// <summary>True for Chinese, false for English.</summary>
    public static bool IsChinese(StringValues acceptLanguage, string defaultLanguage)
    {
        var chineseByDefault = defaultLanguage == ChineseTag;
        if (StringValues.IsNullOrEmpty(acceptLanguage) || !StringWithQualityHeaderValue.TryParseList(acceptLanguage, out var ranges))
        {
            return chineseByDefault;
        }

        // OrderByDescending is stable: of two equal wishes the first named wins.
        foreach (var range in ranges.Where(range => range.Quality is null or > 0).OrderByDescending(range => range.Quality ?? 1))
        {
            var language = range.Value.AsSpan();
            if (IsLanguage(language, "zh"))
            {
                return true;
            }

            if (IsLanguage(language, "en"))
            {
                return false;
            }
        }

        return chineseByDefault;
    }

    private static bool IsLanguage(ReadOnlySpan<char> range, string primary) =>
        range.StartsWith(primary, StringComparison.OrdinalIgnoreCase) && (range.Length == primary.Length || range[primary.Length] == '-');
}
