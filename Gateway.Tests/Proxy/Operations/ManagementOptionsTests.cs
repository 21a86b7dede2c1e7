using Gateway.Proxy.Operations;

namespace Gateway.Tests.Proxy.Operations;

[TestFixture]
internal sealed class ManagementOptionsTests
{
    [Test]
    public void Defaults_AreValidAndForThisMachineAlone()
    {
        var sut = new ManagementOptions();

        Assert.That(Errors(sut), Is.Empty);
        Assert.That((sut.Enabled, sut.Address, sut.Port, sut.DrainDelay), Is.EqualTo((true, "127.0.0.1", 9002, TimeSpan.Zero)));
    }

    [Test]
    public void Settings_WithinTheBounds_AreValid() =>
        Assert.That(Errors(new ManagementOptions { Address = "::", Port = 0, DrainDelay = TimeSpan.FromSeconds(20) }), Is.Empty);

    [Test]
    public void Settings_OutOfBounds_AreRefusedOneByOne() => Assert.That(
        Errors(new ManagementOptions { Address = "localhost", Port = 65536, DrainDelay = TimeSpan.FromSeconds(21), Token = "short", TokenFile = "/no/such/token" }),
        Is.EqualTo(new[]
        {
            "Gateway:Management:Address is 'localhost'; use an IP address, '127.0.0.1' for this machine alone.",
            "Gateway:Management:Port is 65536; use 1 to 65535, or 0 for any free port.",
            "Gateway:Management:DrainDelay is '00:00:21'; use '00:00:00' to '00:00:20'.",
            "Gateway:Management:TokenFile is '/no/such/token', which does not exist; mount it there, or leave it out.",
            "Gateway:Management:Token has 5 characters; use 16 or more.",
        }));

    [TestCase("", "is empty; write a token of 16 or more characters into it, or leave it out")]
    [TestCase(" \n", "is empty; write a token of 16 or more characters into it, or leave it out")]
    [TestCase("short\n", "holds a token of 5 characters; use 16 or more")]
    [TestCase("0123456789abcdef\n", null)]
    public void TokenFile_HasToHoldAToken(string content, string? problem)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, content);
            Assert.That(
                Errors(new ManagementOptions { TokenFile = file }),
                Is.EqualTo(problem is null ? [] : new[] { $"Gateway:Management:TokenFile is '{file}', which {problem}." }));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static IEnumerable<string> Errors(ManagementOptions options) => new ManagementOptionsValidator().Validate(null, options).Failures ?? [];
}
