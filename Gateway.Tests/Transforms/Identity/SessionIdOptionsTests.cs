using Gateway.Transforms.Identity;

namespace Gateway.Tests.Transforms.Identity;

[TestFixture]
internal sealed class SessionIdOptionsTests
{
    [Test]
    public void Defaults_AreValid()
    {
        var sut = new SessionIdOptions();

        Assert.That(Errors(sut), Is.Empty);
        Assert.That((sut.MinIdLength, sut.MaxIdLength, sut.IdPunctuation), Is.EqualTo((1, 128, "-_")));
    }

    [TestCase(1, 1)]
    [TestCase(1024, 1024)]
    public void Lengths_AtTheBounds_AreValid(int min, int max) =>
        Assert.That(Errors(new SessionIdOptions { MinIdLength = min, MaxIdLength = max }), Is.Empty);

    [TestCase(0)]
    [TestCase(-1)]
    public void MinIdLength_BelowOne_IsRefused(int length) =>
        Assert.That(Errors(new SessionIdOptions { MinIdLength = length }), Is.EqualTo(new[] { $"Gateway:Sessions:MinIdLength is {length}; use 1 to 1024." }));

    [Test]
    public void Lengths_TooLarge_AreBothRefused() =>
        Assert.That(Errors(new SessionIdOptions { MinIdLength = 1025, MaxIdLength = 1025 }), Is.EqualTo(new[]
        {
            "Gateway:Sessions:MinIdLength is 1025; use 1 to 1024.",
            "Gateway:Sessions:MaxIdLength is 1025; use MinIdLength (1025) to 1024.",
        }));

    [Test]
    public void MaxIdLength_BelowMinIdLength_IsRefused() =>
        Assert.That(Errors(new SessionIdOptions { MinIdLength = 20, MaxIdLength = 19 }), Is.EqualTo(new[]
        {
            "Gateway:Sessions:MaxIdLength is 19; use MinIdLength (20) to 1024.",
        }));

    [TestCase("")]
    [TestCase("!~")]
    public void IdPunctuation_PrintableAscii_IsValid(string punctuation) =>
        Assert.That(Errors(new SessionIdOptions { IdPunctuation = punctuation }), Is.Empty);

    [TestCase("- ", "0020")]
    [TestCase("-\u007F", "007F")]
    [TestCase("·", "00B7")]
    [TestCase("\0", "0000")]
    public void IdPunctuation_AnythingElse_IsRefused(string punctuation, string shown) =>
        Assert.That(Errors(new SessionIdOptions { IdPunctuation = punctuation }), Is.EqualTo(new[]
        {
            $"Gateway:Sessions:IdPunctuation holds the character U+{shown}; use printable ASCII without spaces.",
        }));

    private static IEnumerable<string> Errors(SessionIdOptions options) =>
        new SessionIdOptionsValidator().Validate(null, options).Failures ?? [];
}
