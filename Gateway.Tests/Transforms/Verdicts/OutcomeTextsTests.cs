using System.Text;
using Gateway.Transforms.Verdicts;

namespace Gateway.Tests.Transforms.Verdicts;

[TestFixture]
internal sealed class OutcomeTextsTests
{
    private static readonly RpcOutcome[] Silent = [RpcOutcome.Ok, RpcOutcome.ClientGone];

    private static RpcOutcome[] Spoken => [.. Enum.GetValues<RpcOutcome>().Except(Silent)];

    [TestCase(RpcOutcome.Ok, "ok", 200)]
    [TestCase(RpcOutcome.BadRequest, "bad-request", 400)]
    [TestCase(RpcOutcome.UnsupportedContent, "unsupported-content", 415)]
    [TestCase(RpcOutcome.TooLarge, "too-large", 413)]
    [TestCase(RpcOutcome.SessionInvalid, "session-invalid", 401)]
    [TestCase(RpcOutcome.SessionStoreDown, "session-store-down", 503)]
    [TestCase(RpcOutcome.RateLimited, "rate-limited", 429)]
    [TestCase(RpcOutcome.Overloaded, "overloaded", 503)]
    [TestCase(RpcOutcome.NoInstance, "no-instance", 503)]
    [TestCase(RpcOutcome.TimedOut, "timed-out", 504)]
    [TestCase(RpcOutcome.SubServiceFailed, "sub-service-failed", 502)]
    [TestCase(RpcOutcome.Internal, "internal", 500)]
    [TestCase(RpcOutcome.ClientGone, "client-gone", 499)]
    public void Of_Outcome_HasItsCodeAndStatus(RpcOutcome outcome, string code, int status)
    {
        var text = OutcomeTexts.Of(outcome);

        Assert.That((text.Code, text.HttpStatus), Is.EqualTo((code, status)));
    }

    [Test]
    public void Of_EveryOutcome_HasACodeOfItsOwn()
    {
        var outcomes = Enum.GetValues<RpcOutcome>();

        Assert.That(outcomes.Select(outcome => OutcomeTexts.Of(outcome).Code).Distinct().Count(), Is.EqualTo(outcomes.Length));
    }

    [TestCaseSource(nameof(Spoken))]
    public void Of_OutcomeWithAReply_HasASentenceInBothLanguages(RpcOutcome outcome)
    {
        var text = OutcomeTexts.Of(outcome);

        Assert.That(text.English, Does.Match("^[A-Z][A-Za-z ,.]+[.]$"));
        Assert.That(text.Chinese, Does.EndWith("。"));
        Assert.That(text.Chinese.EnumerateRunes().Where(rune => rune.Value < 0x3000), Is.Empty, "Chinese without ASCII in it");
    }

    [Test]
    public void Of_EveryOutcome_SaysSomethingOfItsOwn()
    {
        Assert.That(Spoken.Select(outcome => OutcomeTexts.Of(outcome).English), Is.Unique);
        Assert.That(Spoken.Select(outcome => OutcomeTexts.Of(outcome).Chinese), Is.Unique);
    }

    [TestCaseSource(nameof(Silent))]
    public void Of_OutcomeWithoutAReply_HasNoSentence(RpcOutcome outcome)
    {
        var text = OutcomeTexts.Of(outcome);

        Assert.That(Encoding.UTF8.GetByteCount(text.English + text.Chinese), Is.Zero);
    }
}
