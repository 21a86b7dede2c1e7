using Gateway.Proxy;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.Proxy.Hosting;

[TestFixture]
internal sealed class DefaultSettingsTests
{
    private const string Level = "Logging:LogLevel:Microsoft";

    private string _file = null!;

    [SetUp]
    public void SetUp() => _file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    [TearDown]
    public void TearDown() => File.Delete(_file);

    [TestCase("{}", "Warning")]
    [TestCase("""{ "Logging": { "LogLevel": { "Microsoft": "Trace" } } }""", "Trace")]
    public void RouteFile_SettingOfItsOwn_WinsOverTheDefault(string json, string expected)
    {
        File.WriteAllText(_file, json);

        Assert.That(GatewayHost.CreateBuilder(["--Gateway:RoutesFile=" + _file]).Configuration[Level], Is.EqualTo(expected));
    }

    [Test]
    public void CommandLine_SettingOfItsOwn_WinsOverTheRouteFile()
    {
        File.WriteAllText(_file, """{ "Logging": { "LogLevel": { "Microsoft": "Trace" } } }""");

        Assert.That(
            GatewayHost.CreateBuilder(["--Gateway:RoutesFile=" + _file, $"--{Level}=Error"]).Configuration[Level],
            Is.EqualTo("Error"));
    }

    [Test]
    public void Host_SettingOfItsOwn_WinsOverAll()
    {
        File.WriteAllText(_file, """{ "Logging": { "LogLevel": { "Microsoft": "Trace" } } }""");

        var builder = GatewayHost.CreateBuilder(["--Gateway:RoutesFile=" + _file, $"--{Level}=Error"], host =>
            host.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { [Level] = "Critical" }));

        Assert.That(builder.Configuration[Level], Is.EqualTo("Critical"));
    }
}
