using Gateway.Chaos.Fuzzing;

namespace Gateway.Tests.Fuzzing;

/// <summary>Everything that reads the bytes of others, with the corpus and a small part of what <c>bench/chaos.sh --fuzz</c> makes of it.</summary>
[TestFixture]
[Category("Long")]
internal sealed class CorpusTests
{
    private const int Mutated = 2000;
    private const ulong Seed = 20_261_124;

    private static readonly IReadOnlyList<IFuzzTarget> Targets = FuzzTargets.All();

    private static IEnumerable<string> Names => Targets.Select(target => target.Name);

    [TestCaseSource(nameof(Names))]
    public void Judge_EachOfTheCorpus_IsNoFinding(string name)
    {
        var target = Targets.Single(target => target.Name == name);
        var corpus = Corpus.Of(target);

        var judgements = corpus.Select(input => InputJudge.Judge(target, input)).ToArray();

        Assert.That(judgements.Where(judgement => judgement.IsFinding), Is.Empty);
        // One of each kind at least, or the target would say little.
        Assert.That(judgements.Select(judgement => judgement.Verdict), Is.SupersetOf(new[] { Verdict.Accepted, Verdict.Refused }));
    }

    [TestCaseSource(nameof(Names))]
    public void Judge_MutatedInputs_IsNoFinding(string name)
    {
        var target = Targets.Single(target => target.Name == name);
        var mutator = new Mutator(Corpus.Of(target), target.Words, Seed);

        var findings = Enumerable.Range(0, Mutated)
            .Select(mutator.Make)
            .Select(input => (Judgement: InputJudge.Judge(target, input), Input: Convert.ToBase64String(input)))
            .Where(judged => judged.Judgement.IsFinding);

        Assert.That(findings, Is.Empty);
    }

    [Test]
    public void Make_SameSeedAndNumber_IsTheSameInput()
    {
        var corpus = Corpus.Of(Targets[0]);

        var (first, second, other) = (new Mutator(corpus, [], Seed), new Mutator(corpus, [], Seed), new Mutator(corpus, [], Seed + 1));

        Assert.That(second.Make(Mutated), Is.EqualTo(first.Make(Mutated)));
        Assert.That(Enumerable.Range(corpus.Count, 10).Select(other.Make), Is.Not.EqualTo(Enumerable.Range(corpus.Count, 10).Select(first.Make)));
    }
}
