using System.Text;
using Gateway.Chaos.Fuzzing;
using Gateway.Chaos.Fuzzing.Targets;

namespace Gateway.Tests.Fuzzing;

/// <summary>What the connection to a sub-service is compared with finds answers where there are some.</summary>
[TestFixture]
internal sealed class PlainHttp2ReaderTests
{
    [TestCase("answers", true, "answer 1", "answer 3", "answer 5", "answer 7")]
    [TestCase("table", true, "a", "b", "c", null)]
    [TestCase("goaway", true, "hi", "hi", null, null)]
    [TestCase("padding", true, "padded", "x", null, null)]
    [TestCase("empty", true, "", "", null, null)]
    [TestCase("push", false, "hi", null, null, null)]
    public void AnswerOf_EachStream_IsWhatThePeerSent(string input, bool isReadable, params string?[] answers)
    {
        var bytes = File.ReadAllBytes(Path.Combine(Corpus.FolderOf(new Http2Target()), input));

        var read = PlainHttp2Reader.Read(bytes, answers.Length);

        Assert.That(answers.Select((_, i) => read.AnswerOf((2 * i) + 1) is { } answer ? Encoding.ASCII.GetString(answer) : null), Is.EqualTo(answers));
        Assert.That(read.IsReadable, Is.EqualTo(isReadable));
    }
}
