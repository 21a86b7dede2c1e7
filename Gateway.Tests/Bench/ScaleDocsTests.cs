using System.Globalization;
using System.Text.RegularExpressions;
using Gateway.Tests.Proxy.Hosting;

namespace Gateway.Tests.Bench;

/// <summary>What docs/scale.md works out of the measured costs, worked out again.</summary>
[TestFixture]
internal sealed partial class ScaleDocsTests
{
    private const double BusyAtMost = 0.6;
    private const double SecondsUntilBuried = 8;
    private const double SecondsBetweenChecks = 18;
    private const double Million = 1e6;

    private static readonly string Text = File.ReadAllText(Path.Combine(RepositoryFolder.Path, "docs", "scale.md"));

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(2)]
    public void Table_FollowsFromTheCosts(int column)
    {
        var costs = Cost().Matches(Text).ToDictionary(row => row.Groups[1].Value, row => double.Parse(row.Groups[2].Value, CultureInfo.InvariantCulture));
        var table = Row().Matches(Text).ToDictionary(row => row.Groups[1].Value, row => row.Groups[2].Value.Split('|')[column].Trim());
        double Given(string name) => double.Parse(table[name].Replace(",", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);

        var expected = Work(costs, Given("gateways"), Given("sockets"), Given("calls a second that notify"), Given("users told by a call"), Given("`Buckets`"));

        Assert.That(table.Where(row => expected.ContainsKey(row.Key)), Is.EquivalentTo(expected));
    }

    private static Dictionary<string, string> Work(Dictionary<string, double> costs, double gateways, double sockets, double calls, double fanOut, double buckets)
    {
        var asked = Hit(buckets, fanOut);
        var letters = Hit(buckets * gateways, fanOut);
        var perCall = (asked * costs["publish"]) + ((fanOut - asked) * costs["recipient"]) + (fanOut * costs["extended"]) + (letters * costs["read"]);
        var (events, beats) = (calls * perCall / Million, gateways * buckets * costs["beat"] / Million);
        var checks = sockets / SecondsBetweenChecks * costs["session"] / Million;
        var primaries = Math.Ceiling((events + beats + checks) / BusyAtMost);
        return new Dictionary<string, string>
        {
            ["buckets that a call goes to"] = Number(asked, "0.0"),
            ["letters of a call"] = Number(letters, "0.0"),
            ["`publish` scripts a second"] = Number(calls * asked, "N0"),
            ["letters a second, each read"] = Number(calls * letters, "N0"),
            ["CPU s a second for events"] = Number(events, "0.0"),
            ["CPU s a second for beats"] = Number(beats, "0.0"),
            ["CPU s a second for sessions"] = Number(checks, "0.0"),
            ["**primaries**"] = Number(primaries, "0"),
            ["memory of a primary for users, MB"] = Number(sockets * costs["memory"] / primaries / Million, "0"),
            ["out of all of Redis, MB a second"] = Number(calls * letters * costs["letter"] / Million, "0"),
            ["mailboxes of a node that has died, until it is buried, MB"] = Number(calls * letters / gateways * SecondsUntilBuried * costs["letter"] / Million, "0.0"),
            ["all seats taken again after Redis came back empty, s"] = Number(sockets * costs["rejoin"] / primaries / Million, "0.00"),
            ["all sockets connect anew, s"] = Number(sockets * costs["join"] / primaries / BusyAtMost / Million, "0.00"),
        };
    }

    /// <summary>How many of some boxes get something when so many balls fall into them anyhow.</summary>
    private static double Hit(double boxes, double balls) => boxes * (1 - Math.Pow(1 - (1 / boxes), balls));

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\| `(\w+)` \| ([\d.]+) \|", RegexOptions.Multiline)]
    private static partial Regex Cost();

    [GeneratedRegex(@"^\| ([^|]+) \| ([\d.,]+ \| [\d.,]+ \| [\d.,]+) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
