using Gateway.Proxy.Push;
using Gateway.Tests.Support;

namespace Gateway.Tests.Proxy.Push;

[TestFixture]
internal sealed class PushOptionsTests
{
    private const string Token = "a-token-of-some-length";

    [Test]
    public void Defaults_OpenNoPort_AndAreValid() => Assert.That(Errors(new PushOptions()), Is.Empty);

    [Test]
    public void PortThatAnybodyCouldUse_IsRefused() => Assert.That(
        Errors(new PushOptions { Port = 9003 }),
        Is.EqualTo(new[] { "Gateway:Push:Port is 9003, but anybody could push there; set Token or TokenFile, or CertificateAuthorityFile for sub-services that show a certificate." }));

    [Test]
    public void Mistakes_AreNamedWithTheCure()
    {
        using var authority = new TestAuthority();
        Assert.Multiple(() =>
        {
            Refused(new() { Port = 9003, Token = "short" }, "Gateway:Push:Token has 5 characters; use 16 or more.");
            Refused(new() { Port = 70000, Token = Token }, "Gateway:Push:Port is 70000; use 1 to 65535, or 0 for any free port.");
            Refused(new() { Port = 0, Token = Token, Address = "here" }, "Gateway:Push:Address is 'here'; use an IP address, '127.0.0.1' for this machine alone.");
            Refused(
                new() { Port = 0, CertificateAuthorityFile = authority.File },
                $"Gateway:Push:CertificateAuthorityFile is '{authority.File}', but CertificateFile is empty; only a port with TLS can ask for certificates, so name its own.");
            Refused(new() { JsonPort = 0 }, "Gateway:Push:JsonPort is 0, but Port is not set, and it is what turns all of this on; set it too.");
            Refused(new() { MaxUsers = 0 }, "Gateway:Push:MaxUsers is 0; use 1 to 100000.");
            Refused(new() { MaxEventSize = 1 }, "Gateway:Push:MaxEventSize is 1; use 1024 to 16777216 bytes.");
            Refused(new() { MaxRate = 0 }, "Gateway:Push:MaxRate is 0; use 1 to 1000000.");
            Refused(new() { Timeout = TimeSpan.Zero }, "Gateway:Push:Timeout is '00:00:00'; use '00:00:00.1000000' to '00:01:00'.");
            Refused(new() { KeyLife = TimeSpan.Zero }, "Gateway:Push:KeyLife is '00:00:00'; use '00:01:00' to '1.00:00:00'.");
            Refused(new() { MaxKeys = 1 }, "Gateway:Push:MaxKeys is 1; use 1000 to 10000000.");
        });
    }

    [Test]
    public void TokenFile_WinsOverTheToken_AndHasToHoldOne()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, $"{Token}\n");
        Assert.That(new PushOptions { TokenFile = file, Token = "short" }.ReadToken(), Is.EqualTo(Token));
        Assert.That(Errors(new PushOptions { Port = 0, TokenFile = file, Token = "short" }), Is.Empty);

        File.WriteAllText(file, "short");
        Refused(new() { Port = 0, TokenFile = file }, $"Gateway:Push:TokenFile is '{file}', which holds a token of 5 characters; use 16 or more.");
        File.Delete(file);
        Assert.That(Errors(new PushOptions { Port = 0, TokenFile = file }).Single(), Does.StartWith($"Gateway:Push:TokenFile is '{file}', which cannot be read"));
    }

    private static void Refused(PushOptions options, string error) => Assert.That(Errors(options), Is.EqualTo(new[] { error }));

    private static IEnumerable<string> Errors(PushOptions options) => new PushOptionsValidator().Validate(null, options).Failures ?? [];
}
