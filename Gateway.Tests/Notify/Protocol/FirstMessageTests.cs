using Gateway.Notify.Protocol;
using Gateway.Protocol;
using Gateway.Tests.Transforms.Wire;
using Google.Protobuf;

namespace Gateway.Tests.Notify.Protocol;

[TestFixture]
internal sealed class FirstMessageTests
{
    [TestCase("2", new[] { 2 })]
    [TestCase("1.536870911", new[] { 1, 536_870_911 })]
    [TestCase("1.2.3.4.5.6.7.8", new[] { 1, 2, 3, 4, 5, 6, 7, 8 })]
    [TestCase("", null)]
    [TestCase("0", null)]
    [TestCase("-2", null)]
    [TestCase("1.", null)]
    [TestCase("session_id", null)]
    [TestCase("536870912", null)]
    [TestCase("1.2.3.4.5.6.7.8.9", null)]
    public void Path_IsOfNumbersOfFields(string text, int[]? path) => Assert.That(FirstMessage.ParsePath(text), Is.EqualTo(path));

    [Test]
    public void SessionId_OfTheContract_IsField2() =>
        Assert.That(Read("2", new ClientAuthenticationReq { RequestId = "r", SessionId = "s-用户" }.ToByteArray()), Is.EqualTo("s-用户"));

    [Test]
    public void SessionId_Nested_IsFoundInEveryPieceOfItsMessage()
    {
        var message = Raw.Join(Raw.Bytes(1, Raw.Text(3, "old")), Raw.Text(3, "other"), Raw.Bytes(1, Raw.Join(Raw.Integer(3, 7), Raw.Text(3, "new"))), Raw.Bytes(1, []));

        Assert.That(Read("1.3", message), Is.EqualTo("new"), "The last counts, and a piece without one takes nothing away");
    }

    [TestCase("", "")]
    [TestCase("0A0161", "")]
    [TestCase("1001", "", TestName = "A field of another wire type is unknown")]
    [TestCase("1200", "")]
    [TestCase("12", null)]
    [TestCase("120561", null)]
    [TestCase("12FFFFFFFF0F61", null)]
    [TestCase("1201C3", null, TestName = "Text that is no UTF-8 is no session")]
    [TestCase("00", null)]
    [TestCase("0B", null)]
    public void SessionId_OfOddBytes(string hex, string? session) => Assert.That(Read("2", Convert.FromHexString(hex)), Is.EqualTo(session));

    private static string? Read(string path, byte[] message) => new FirstMessage(FirstMessage.ParsePath(path)!).ReadSessionId(message);
}
