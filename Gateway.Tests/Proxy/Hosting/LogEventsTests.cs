using System.Reflection;
using System.Text.RegularExpressions;
using Gateway.Proxy;
using Gateway.Transforms;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Proxy.Hosting;

/// <summary>What operators search their logs for: event ids and names, as docs/log-events.md lists them.</summary>
[TestFixture]
internal sealed partial class LogEventsTests
{
    private sealed record LogEvent(string Project, int Id, string? Name, LogLevel Level, string Message);

    private static readonly LogEvent[] Events =
    [
        .. EventsOf(typeof(GatewayHost).Assembly),
        .. EventsOf(typeof(RpcServiceCollectionExtensions).Assembly),
        .. EventsOf(Assembly.Load("Gateway.Notify")),
    ];

    [Test]
    public void Events_AreFound()
    {
        // Should the reflection below find nothing one day, the other tests would pass for the wrong reason.
        Assert.That(Events.Select(e => e.Name), Is.SupersetOf(new[] { "CallFailed", "UserLookUpFailed", "SocketClosed", "SessionStoreDown" }));
    }

    [Test]
    public void Ids_AreUnique() =>
        Assert.That(Events.GroupBy(e => e.Id).Where(group => group.Count() > 1).SelectMany(group => group), Is.Empty);

    [Test]
    public void Names_AreThereAndUnique()
    {
        Assert.That(Events.Where(e => string.IsNullOrEmpty(e.Name)), Is.Empty);
        Assert.That(Events.GroupBy(e => e.Name).Where(group => group.Count() > 1).SelectMany(group => group), Is.Empty);
    }

    [TestCase("Gateway.Proxy", 1000, 1499)]
    [TestCase("Gateway.Transforms", 1500, 1999)]
    [TestCase("Gateway.Notify", 2000, 2999)]
    public void Ids_AreInTheRangeOfTheirProject(string project, int first, int last) =>
        Assert.That(Events.Where(e => e.Project == project && (e.Id < first || e.Id > last)), Is.Empty);

    [Test]
    public void Documentation_ListsExactlyTheEventsThereAre()
    {
        var listed = Row().Matches(File.ReadAllText(Path.Combine(RepositoryFolder.Path, "docs", "log-events.md"))).Select(row => row.Value);

        Assert.That(listed, Is.EquivalentTo(Events.Select(e => $"| {e.Id} | {e.Name} | {e.Level} |")));
    }

    private static IEnumerable<LogEvent> EventsOf(Assembly assembly) =>
        from type in assembly.GetTypes()
        from method in type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        from attribute in method.GetCustomAttributes<LoggerMessageAttribute>()
        select new LogEvent(assembly.GetName().Name!, attribute.EventId, attribute.EventName, attribute.Level, attribute.Message);

    [GeneratedRegex(@"^\| [0-9]+ \| \w+ \| \w+ \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
