using Gateway.Proxy.Canary;
using Gateway.Proxy.Routing;
using Microsoft.Extensions.Configuration;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Proxy.Routing;

[TestFixture]
internal sealed class CanaryChecksTests
{
    private static readonly HashSet<string> Clusters = new(["user", "v2", "v3"], StringComparer.OrdinalIgnoreCase);

    [TestCase("v2:5")]
    [TestCase("v2:0.01", "V3:99.99")]
    [TestCase("v2:33.4", "v3:66.6")]
    [TestCase("v2:0")]
    [TestCase("v2:5", "v2:x-canary=1,2", "user:x-canary=0", "v2:X-Tester=1")]
    public void Check_Good_IsEmpty(params string[] rules) => Assert.That(Check(rules), Is.Empty);

    [TestCase("Route 'r': Canary:0:ClusterId is 'v4', which is no cluster; use one of 'user', 'v2', 'v3'.", "v4:5")]
    [TestCase("Route 'r': Canary:1 has no 'ClusterId'; use one of 'user', 'v2', 'v3'.", "v2:5", ":5")]
    [TestCase("Route 'r': Canary:0 has neither 'Percent' nor 'Header'; use one of them to say which requests go there.", "v2")]
    [TestCase("Route 'r': Canary:0 has both 'Percent' and 'Header'; write an entry for each.", "v2:5:x-canary=1")]
    [TestCase("Route 'r': Canary:0:Percent is 100.5; use 0 to 100.", "v2:100.5")]
    [TestCase("Route 'r': Canary:0:Percent is -1; use 0 to 100.", "v2:-1")]
    [TestCase("Route 'r': Canary:0:Percent is NaN; use 0 to 100.", "v2:NaN")]
    [TestCase("Route 'r': Canary:0:Percent is Infinity; use 0 to 100.", "v2:Infinity")]
    [TestCase("Route 'r': Canary:0:ClusterId is 'USER', the route's own, which gets all that the others leave; name another one, or leave the entry out.", "USER:5")]
    [TestCase("Route 'r': Canary:0:Header is 'x canary', which no header can be called; use letters, digits and '-', as 'x-canary'.", "v2:x canary=1")]
    [TestCase("Route 'r': Canary:0:Header is '', which no header can be called; use letters, digits and '-', as 'x-canary'.", "v2:=1")]
    [TestCase("Route 'r': Canary:0 has a 'Header' without 'Values'; list those that choose the cluster.", "v2:x-canary=")]
    [TestCase("Route 'r': Canary:0:Values has ' 1', which no header arrives with; write it without spaces around it, on one line, and not empty.", "v2:x-canary= 1,2")]
    [TestCase("Route 'r': Canary:0:Values has '1\n2', which no header arrives with; write it without spaces around it, on one line, and not empty.", "v2:x-canary=1\n2")]
    [TestCase("Route 'r': Canary gives away 100.1 percent together; use 100 at most.", "v2:60", "v3:40.1")]
    [TestCase("Route 'r': Canary has a 'Percent' for cluster 'v2' more than once; write one entry.", "v2:5", "V2:6")]
    [TestCase("Route 'r': Canary has the value '1' of the header 'x-canary' more than once; leave it to one entry.", "v2:x-canary=1", "v3:X-Canary=2,1")]
    public void Check_Mistake_IsNamedWithItsCure(string sentence, params string[] rules) => Assert.That(Check(rules), Is.EqualTo(new[] { sentence }));

    [Test]
    public void Check_ValuesAlone_AreTold() => Assert.That(
        CheckSettings(new() { ["0:ClusterId"] = "v2", ["0:Percent"] = "5", ["0:Values:0"] = "1" }),
        Is.EqualTo(new[] { "Route 'r': Canary:0 has 'Values' without 'Header'; name the header, or leave them out." }));

    /// <param name="rules">As <c>cluster:percent</c>, <c>cluster:header=value,value</c>, or both.</param>
    private static IEnumerable<string> Check(string[] rules)
    {
        var settings = new Dictionary<string, string?>();
        for (var i = 0; i < rules.Length; i++)
        {
            var parts = rules[i].Split(':');
            settings[$"{i}:ClusterId"] = parts[0];
            foreach (var part in parts[1..])
            {
                if (part.Split('=') is [var header, var values])
                {
                    settings[$"{i}:Header"] = header;
                    foreach (var (place, value) in values.Split(',', StringSplitOptions.RemoveEmptyEntries).Index())
                    {
                        settings[$"{i}:Values:{place}"] = value;
                    }
                }
                else
                {
                    settings[$"{i}:Percent"] = part;
                }
            }
        }

        return CheckSettings(settings);
    }

    private static IEnumerable<string> CheckSettings(Dictionary<string, string?> canary)
    {
        var metadata = new Dictionary<string, string>();
        var section = new ConfigurationBuilder().AddInMemoryCollection(canary.Select(setting => KeyValuePair.Create($"r:Canary:{setting.Key}", setting.Value))).Build();
        CanaryRule.Mark(metadata, section.GetSection("r"));
        return CanaryChecks.Check(new RouteConfig { RouteId = "r", ClusterId = "user", Metadata = metadata }, Clusters);
    }
}
