using System.Text.RegularExpressions;
using Gateway.Tests.Support;

namespace Gateway.Tests.Notify.Client;

/// <summary>The client in TypeScript does what docs/notify-vectors.json asks of a client. Node plays the vectors, all in one run.</summary>
[TestFixture]
[Servers]
internal sealed partial class ClientVectorsTests
{
    private string _output = "";
    private Dictionary<string, bool> _passed = [];

    [OneTimeSetUp]
    public async Task RunAsync()
    {
        _output = await ClientBuild.TestAsync();
        _passed = Result().Matches(_output).ToDictionary(line => line.Groups["name"].Value, line => !line.Groups["not"].Success);
    }

    [TestCaseSource(typeof(VectorFile), nameof(VectorFile.Names))]
    public void Client_PlaysVector(string name) => Assert.That(_passed.GetValueOrDefault(name), Is.True, () => Account(name));

    /// <summary>Calls, sessions, and the WebSocket, the timers and the browser around what the vectors cover.</summary>
    [Test]
    public void Client_PassesItsOtherTests()
    {
        var others = _passed.Keys.Except(VectorFile.Names).ToList();
        Assert.That(others, Is.Not.Empty, _output);
        Assert.That(others.Where(name => !_passed[name]).Select(Account), Is.Empty);
    }

    /// <summary>What Node says of a test: its line, and all that follows until the next one.</summary>
    private string Account(string name)
    {
        var start = _output.IndexOf($" - {name}\n", StringComparison.Ordinal);
        var end = start < 0 ? -1 : _output.IndexOf("# Subtest:", start, StringComparison.Ordinal);
        return start < 0 ? _output : _output[start..(end < 0 ? _output.Length : end)];
    }

    [GeneratedRegex(@"^(?<not>not )?ok \d+ - (?<name>.+)$", RegexOptions.Multiline)]
    private static partial Regex Result();
}
