using Gateway.Transforms.Errors;

namespace Gateway.Tests.Transforms.Errors;

[TestFixture]
internal sealed class ErrorLanguageTests
{
    [TestCase("zh-CN")]
    [TestCase("zh")]
    [TestCase("ZH-cn")]
    [TestCase("zh-Hans-CN")]
    [TestCase("zh-CN,zh;q=0.9,en;q=0.8")]
    [TestCase("en;q=0.5,zh;q=0.6")]
    [TestCase("en;q=0.5, zh", Description = "Without a weight it is 1")]
    [TestCase("fr,zh;q=0.1")]
    [TestCase("zh,en", Description = "Of two equal wishes the first wins")]
    [TestCase("en;q=0,zh;q=0.1")]
    public void IsChinese_ChineseWished_IsTrueWhateverTheDefault(string accept) => AssertBoth(accept, whenEnglish: true, whenChinese: true);

    [TestCase("en")]
    [TestCase("en-US,en;q=0.9")]
    [TestCase("EN-gb")]
    [TestCase("en,zh")]
    [TestCase("zh;q=0.5,en;q=0.6")]
    [TestCase("fr-FR,fr;q=0.9,en;q=0.8,zh;q=0.7")]
    [TestCase("zh;q=0,en;q=0.1")]
    public void IsChinese_EnglishWished_IsFalseWhateverTheDefault(string accept) => AssertBoth(accept, whenEnglish: false, whenChinese: false);

    [TestCase(null)]
    [TestCase("")]
    [TestCase("fr")]
    [TestCase("*")]
    [TestCase("zhx", Description = "Another language that begins alike")]
    [TestCase("eng")]
    [TestCase("zh;q=0")]
    [TestCase("en;q=0")]
    [TestCase("zh;q=x", Description = "Not readable")]
    [TestCase(";;;")]
    public void IsChinese_NeitherWished_IsTheDefault(string? accept) => AssertBoth(accept, whenEnglish: false, whenChinese: true);

    [Test]
    public void IsChinese_SeveralHeaders_AreOneList() =>
        Assert.That(ErrorLanguage.IsChinese(new[] { "en;q=0.5", "zh;q=0.6" }, "en"), Is.True);

    private static void AssertBoth(string? accept, bool whenEnglish, bool whenChinese)
    {
        Assert.That(ErrorLanguage.IsChinese(accept, "en"), Is.EqualTo(whenEnglish), "by default English");
        Assert.That(ErrorLanguage.IsChinese(accept, "zh-CN"), Is.EqualTo(whenChinese), "by default Chinese");
    }
}
