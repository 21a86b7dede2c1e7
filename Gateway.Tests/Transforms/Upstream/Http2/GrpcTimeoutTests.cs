using System.Text;
using Gateway.Transforms.Upstream.Http2;

namespace Gateway.Tests.Transforms.Upstream.Http2;

[TestFixture]
internal sealed class GrpcTimeoutTests
{
    [TestCase("00:00:10", "10000m")]
    [TestCase("00:00:00.0010000", "1m")]
    [TestCase("00:00:00.0010001", "2m", Description = "Rounded up")]
    [TestCase("00:00:00.0000001", "1m")]
    [TestCase("00:00:00", "1m", Description = "Zero may be read as none")]
    [TestCase("-00:00:05", "1m")]
    [TestCase("01:00:00", "3600000m")]
    [TestCase("1.03:46:39.9990000", "99999999m")]
    [TestCase("1.03:46:40", "99999999m", Description = "Eight digits at most")]
    public void Format_Time_IsMilliseconds(string time, string expected) =>
        Assert.That(Format(TimeSpan.Parse(time, null)), Is.EqualTo(expected));

    [Test]
    public void Format_Extremes_AreClamped()
    {
        Assert.That(Format(TimeSpan.MaxValue), Is.EqualTo("99999999m"));
        Assert.That(Format(TimeSpan.MinValue), Is.EqualTo("1m"));
    }

    private static string Format(TimeSpan timeout)
    {
        Span<byte> text = stackalloc byte[GrpcTimeout.MaxLength];
        return Encoding.ASCII.GetString(text[..GrpcTimeout.Format(timeout, text)]);
    }
}
