using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>What a client writes into the lines that operators read.</summary>
[TestFixture]
[Servers]
internal sealed class LogLineTests
{
    private const string Forged = "1\n2026-11-29 [Information] forged\r\u001b[2J\u2028\u202e";

    [Test]
    public async Task RequestId_WithLineBreaksAndEscapes_ForgesNoLineOfTheAccessLog()
    {
        using var gateway = await GatewayProcess.StartAsync(new()
        {
            ["Gateway:Sessions:Store"] = "Memory",
            ["Gateway:AccessLog:Enabled"] = "true",
            ["Logging:Console:FormatterName"] = "simple",
        });
        using var client = new HttpClient { BaseAddress = gateway.Http };
        using var content = new ByteArrayContent(new UserLoginReq { RequestId = Forged + new string('x', 200) }.ToByteArray());

        using var response = await client.PostAsync("/service/user/username_login", content).DefaultTimeout();

        await Eventually.That(() => gateway.Output.Contains("forged", StringComparison.Ordinal), "the call is logged");
        await gateway.StopAsync();
        var line = gateway.Output.Split('\n').Single(line => line.Contains("forged", StringComparison.Ordinal));
        Assert.That(line, Does.Contain(" request 1 2026-11-29 [Information] forged \uFFFD[2J\uFFFD\uFFFDxxx").And.Contains("xxx, user "));
        Assert.That(line, Has.Length.LessThan(1000));
        Assert.That(gateway.Output, Does.Not.Contain('\u001b'));
    }
}
