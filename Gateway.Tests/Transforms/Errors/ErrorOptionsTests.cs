using Gateway.Transforms.Errors;

namespace Gateway.Tests.Transforms.Errors;

[TestFixture]
internal sealed class ErrorOptionsTests
{
    [Test]
    public void Defaults_AreValid()
    {
        var sut = new ErrorOptions();

        Assert.That(Errors(sut), Is.Empty);
        Assert.That((sut.DefaultLanguage, sut.StatusMode), Is.EqualTo(("en", StatusMode.Envelope)));
    }

    [Test]
    public void Settings_TheOthers_AreValid() =>
        Assert.That(Errors(new ErrorOptions { DefaultLanguage = "zh-CN", StatusMode = StatusMode.Http }), Is.Empty);

    [TestCase("")]
    [TestCase("zh")]
    [TestCase("EN")]
    [TestCase("fr")]
    public void DefaultLanguage_AnyOther_IsRefused(string language) =>
        Assert.That(Errors(new ErrorOptions { DefaultLanguage = language }), Is.EqualTo(new[]
        {
            $"Gateway:Errors:DefaultLanguage is '{language}'; use 'en' or 'zh-CN'.",
        }));

    [Test]
    public void StatusMode_Undefined_IsRefused() =>
        Assert.That(Errors(new ErrorOptions { DefaultLanguage = "fr", StatusMode = (StatusMode)7 }), Is.EqualTo(new[]
        {
            "Gateway:Errors:DefaultLanguage is 'fr'; use 'en' or 'zh-CN'.",
            "Gateway:Errors:StatusMode is '7'; use 'Envelope' or 'Http'.",
        }));

    private static IEnumerable<string> Errors(ErrorOptions options) => new ErrorOptionsValidator().Validate(null, options).Failures ?? [];
}
