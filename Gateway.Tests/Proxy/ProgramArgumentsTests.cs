using Gateway.Proxy;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.Proxy;

[TestFixture]
internal sealed class ProgramArgumentsTests
{
    [TestCase("--Gateway:Listen:HttpPort=9100")]
    [TestCase("/Gateway:Listen:HttpPort=9100")]
    [TestCase("Gateway:Listen:HttpPort=9100")]
    [TestCase("--Gateway:Listen:HttpPort", "9100")]
    [TestCase("/Gateway:Listen:HttpPort", "9100")]
    public void FindProblem_SettingThatTheFrameworkReads_IsNone(params string[] args)
    {
        Assert.That(new ConfigurationBuilder().AddCommandLine(args).Build()["Gateway:Listen:HttpPort"], Is.EqualTo("9100"));
        Assert.That(ProgramArguments.FindProblem(args), Is.Null);
    }

    [Test]
    public void FindProblem_NoArguments_IsNone() => Assert.That(ProgramArguments.FindProblem([]), Is.Null);

    [Test]
    public void FindProblem_EmptyValue_IsNone() => Assert.That(ProgramArguments.FindProblem(["--Gateway:Redis:Configuration="]), Is.Null);

    [TestCase("frobnicate")]
    [TestCase("--version")]
    [TestCase("-v")]
    [TestCase("-p=9100")]
    [TestCase("---")]
    [TestCase("--=9100")]
    [TestCase("/etc/gateway/yarp.json")]
    [TestCase("")]
    [TestCase("Validate", "yarp.json")]
    [TestCase("frobnicate", "--Gateway:Listen:HttpPort=9100")]
    public void FindProblem_FirstArgumentThatIsNothingKnown_IsNamedWithTheCure(params string[] args) => Assert.That(ProgramArguments.FindProblem(args), Is.EqualTo(
        $"The argument '{args[0]}' is neither a setting nor a command; write a setting as --SETTING=VALUE, or the command validate FILE."));
}
