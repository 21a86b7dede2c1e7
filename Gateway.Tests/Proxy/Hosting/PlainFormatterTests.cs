using Gateway.Proxy.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Gateway.Tests.Proxy.Hosting;

[TestFixture]
internal sealed class PlainFormatterTests
{
    [TestCase("a\nb", "a b")]
    [TestCase("a\r\nb\tc", "a  b c")]
    [TestCase("a\u001b[2Jb", "a\uFFFD[2Jb", Description = "C0: clears the screen")]
    [TestCase("a\u007fb", "a\uFFFDb", Description = "DEL")]
    [TestCase("a\u009b2Jb\u0085c", "a\uFFFD2Jb\uFFFDc", Description = "C1")]
    [TestCase("a\u2028b\u2029c", "a\uFFFDb\uFFFDc", Description = "ends of line and paragraph")]
    [TestCase("a\u202eb\u2066c\u200fd\u061ce", "a\uFFFDb\uFFFDc\uFFFDd\uFFFDe", Description = "order of letters")]
    [TestCase("你好 😀 чат", "你好 😀 чат")]
    public void Write_TextOfOthers_StaysOneLineOfText(string text, string expected) =>
        Assert.That(Write("simple", text), Does.EndWith($" {expected}{Environment.NewLine}"));

    [Test]
    public void Write_Exception_KeepsItsLinesAndNothingElse([Values("simple", "systemd")] string formatter)
    {
        var lines = Write(formatter, "m", new InvalidOperationException($"first{Environment.NewLine}second\u001b[2J")).Split(Environment.NewLine);

        Assert.That(string.Join('|', lines.Select(line => line.Trim())), Does.Contain("m").And.Contains("InvalidOperationException: first").And.Contains("second\uFFFD[2J"));
        Assert.That(lines, Has.Length.EqualTo(formatter == "simple" ? 5 : 2));
    }

    [Test]
    public void Write_Scope_IsOnlyTextToo()
    {
        var scopes = new LoggerExternalScopeProvider();
        using var scope = scopes.Push("path:/a\n\u001bforged");

        Assert.That(Write("simple", "m", scopes: scopes), Does.Contain("path:/a \uFFFDforged"));
    }

    private static string Write(string formatter, string text, Exception? exception = null, IExternalScopeProvider? scopes = null)
    {
        using var services = new ServiceCollection()
            .AddLogging(logging => logging.AddConsole().AddSimpleConsole(simple => simple.IncludeScopes = true))
            .BuildServiceProvider();
        var sut = new PlainFormatter(services.GetServices<ConsoleFormatter>().Single(candidate => candidate.Name == formatter));
        using var writer = new StringWriter();
        sut.Write(new LogEntry<string>(LogLevel.Information, "category", new EventId(1), text, exception, (state, _) => state), scopes, writer);
        return writer.ToString();
    }
}
