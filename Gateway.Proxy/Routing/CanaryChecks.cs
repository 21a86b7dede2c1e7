using System.Buffers;
using System.Globalization;
using Gateway.Proxy.Canary;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Routing;

/// <summary>What the canary of a route has to be.</summary>
internal static class CanaryChecks
{
    private static readonly SearchValues<char> InHeaderNames =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    /// <summary>A sentence for each mistake.</summary>
    public static IEnumerable<string> Check(RouteConfig route, IReadOnlySet<string> clusters)
    {
        var rules = CanaryRule.Of(route);
        var all = $"Route '{route.RouteId}': {CanaryRule.Setting}";
        return
        [
            .. rules.SelectMany((rule, i) => Check($"{all}:{i}", rule, route, clusters)),
            .. from same in rules.Where(rule => rule.Percent is not null).GroupBy(rule => rule.ClusterId, StringComparer.OrdinalIgnoreCase)
               where same.Count() > 1
               select $"{all} has a 'Percent' for cluster '{same.Key}' more than once; write one entry.",
            .. from same in rules.Where(rule => rule.Header is not null)
                   .SelectMany(rule => rule.Values.Select(value => (Header: rule.Header!.ToLowerInvariant(), Value: value))).GroupBy(sent => sent)
               where same.Count() > 1
               select $"{all} has the value '{same.Key.Value}' of the header '{same.Key.Header}' more than once; leave it to one entry.",
            .. CheckSum(all, rules),
        ];
    }

    private static IEnumerable<string> CheckSum(string all, IReadOnlyList<CanaryRule> rules)
    {
        // Decimal, because 33.4, 33.3 and 33.3 are 100.
        var sum = rules.Where(rule => IsPercentage(rule.Percent)).Sum(rule => (decimal)rule.Percent!.Value);
        if (sum > 100)
        {
            yield return $"{all} gives away {sum.ToString(CultureInfo.InvariantCulture)} percent together; use 100 at most.";
        }
    }

    private static IEnumerable<string> Check(string at, CanaryRule rule, RouteConfig route, IReadOnlySet<string> clusters)
    {
        if (rule.ClusterId.Length == 0)
        {
            yield return $"{at} has no 'ClusterId'; {RouteRules.Known(clusters)}.";
        }
        else if (!clusters.Contains(rule.ClusterId))
        {
            yield return $"{at}:ClusterId is '{rule.ClusterId}', which is no cluster; {RouteRules.Known(clusters)}.";
        }

        if ((rule.Percent is null) == (rule.Header is null))
        {
            yield return rule.Percent is null
                ? $"{at} has neither 'Percent' nor 'Header'; use one of them to say which requests go there."
                : $"{at} has both 'Percent' and 'Header'; write an entry for each.";
        }

        if (rule.Percent is { } percent && !IsPercentage(percent))
        {
            yield return $"{at}:Percent is {percent.ToString(CultureInfo.InvariantCulture)}; use 0 to 100.";
        }

        if (rule.Percent is not null && string.Equals(rule.ClusterId, route.ClusterId, StringComparison.OrdinalIgnoreCase))
        {
            yield return $"{at}:ClusterId is '{rule.ClusterId}', the route's own, which gets all that the others leave; name another one, or leave the entry out.";
        }

        if (rule.Header is { } header && (header.Length == 0 || header.AsSpan().ContainsAnyExcept(InHeaderNames)))
        {
            yield return $"{at}:Header is '{header}', which no header can be called; use letters, digits and '-', as 'x-canary'.";
        }

        if ((rule.Header is null) != (rule.Values.Count == 0))
        {
            yield return rule.Header is null
                ? $"{at} has 'Values' without 'Header'; name the header, or leave them out."
                : $"{at} has a 'Header' without 'Values'; list those that choose the cluster.";
        }

        foreach (var value in rule.Values.Where(value => value.Length == 0 || value.Trim() != value || value.Any(char.IsControl)))
        {
            yield return $"{at}:Values has '{value}', which no header arrives with; write it without spaces around it, on one line, and not empty.";
        }
    }

    private static bool IsPercentage(double? percent) => percent is >= 0 and <= 100;
}
