using System.Text.RegularExpressions;

namespace Gateway.Tests.Deploy;

/// <summary>The names in an expression of Prometheus, as far as deploy/examples writes them. Whether it is one at all says promtool.</summary>
internal sealed partial class PromQuery
{
    public PromQuery(string expression)
    {
        Matchers =
        [
            .. from selector in Selector().Matches(expression)
               from matcher in Matcher().Matches(selector.Groups["matchers"].Value)
               select (selector.Groups["metric"].Value, matcher.Groups["label"].Value, matcher.Groups["value"].Value),
        ];
        Groups = [.. Grouping().Matches(expression).SelectMany(group => group.Groups["labels"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
        // What remains are functions, which a parenthesis follows, words of the language, which have no underscore, and metrics.
        Metrics = [.. Name().Matches(Grouping().Replace(Braces().Replace(expression, ""), " ")).Select(name => name.Value).Distinct()];
    }

    public IReadOnlyList<string> Metrics { get; }

    /// <summary>Which label of which metric is held against what.</summary>
    public IReadOnlyList<(string Metric, string Label, string Value)> Matchers { get; }

    /// <summary>The labels that are grouped by.</summary>
    public IReadOnlyList<string> Groups { get; }

    /// <summary>The labels that a legend shows as <c>{{x}}</c>, or an annotation as <c>{{ $labels.x }}</c>.</summary>
    public static IEnumerable<string> Shown(string text) => Template().Matches(text).Select(match => match.Groups["label"].Value);

    [GeneratedRegex(@"(?<metric>[a-z][\w:]*)\{(?<matchers>[^}]*)\}")]
    private static partial Regex Selector();

    [GeneratedRegex("""(?<label>\w+)\s*(?:=~|!~|!=|=)\s*"(?<value>[^"]*)" """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Matcher();

    [GeneratedRegex(@"\b(?:by|without|on|group_left|group_right) ?\((?<labels>[^)]*)\)")]
    private static partial Regex Grouping();

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]")]
    private static partial Regex Braces();

    [GeneratedRegex(@"\b[a-z]+[_:][\w:]+\b(?!\s*\()")]
    private static partial Regex Name();

    [GeneratedRegex(@"\{\{\s*(?:\$labels\.)?(?<label>[a-z_]+)\s*\}\}")]
    private static partial Regex Template();
}
