using Gateway.Transforms.Upstream;

namespace Gateway.Tests.Transforms.Upstream;

[TestFixture]
internal sealed class GrpcMessageTests
{
    [TestCase("", "")]
    [TestCase("no such user", "no such user")]
    [TestCase("%E7%94%A8%E6%88%B7%20alice", "用户 alice")]
    [TestCase("%f0%9f%98%80", "😀")]
    [TestCase("100%25 + 1", "100% + 1")]
    public void Decode_WellFormed_IsItsText(string encoded, string text) => Assert.That(GrpcMessage.Decode(encoded), Is.EqualTo(text));

    [TestCase("100%", "100%")]
    [TestCase("%4", "%4")]
    [TestCase("%zz%41", "%zzA")]
    [TestCase("%E7%94", "%E7%94")]
    [TestCase("%FF%ED%A0%80 x", "%FF%ED%A0%80 x")]
    public void Decode_Malformed_StaysAsItIs(string encoded, string text) => Assert.That(GrpcMessage.Decode(encoded), Is.EqualTo(text));

    [TestCase("x", "x")]
    [TestCase("%E7%94%A8", "用")]
    public void Decode_Long_IsCut(string encoded, string character)
    {
        Assert.That(GrpcMessage.Decode(Repeat(encoded, 200)), Is.EqualTo(Repeat(character, 200)));
        Assert.That(GrpcMessage.Decode(Repeat(encoded, 201)), Is.EqualTo(Repeat(character, 200) + '…'));
        Assert.That(GrpcMessage.Decode(Repeat(encoded, 1 << 20)), Is.EqualTo(Repeat(character, 200) + '…'));
    }

    [Test]
    public void Decode_LongOfPairs_IsNotCutWithinOne() =>
        Assert.That(GrpcMessage.Decode('x' + Repeat("%F0%9F%98%80", 1000)), Is.EqualTo('x' + Repeat("😀", 99) + '…'));

    private static string Repeat(string text, int times) => string.Concat(Enumerable.Repeat(text, times));
}
