using System.Buffers;
using Gateway.Protocol;
using Gateway.Tests.Transforms.Wire;
using Gateway.Transforms.Identity;
using Gateway.Transforms.Wire;
using Google.Protobuf;

namespace Gateway.Tests.Transforms.Identity;

[TestFixture]
internal sealed class UserIdInjectorTests
{
    private const int UserId = 2;

    [Test]
    public void Inject_NoUserIdOfTheClient_AppendsTheSessions()
    {
        var message = Raw.Text(1, "r1");

        Assert.That(Inject(message, null, "alice"), Is.EqualTo(Raw.Join(message, Raw.Text(UserId, "alice"))));
    }

    [Test]
    public void Inject_UserIdFirstInTheMiddleAndLast_TakesAllOut()
    {
        byte[][] pieces = [Raw.Text(UserId, "mallory"), Raw.Text(1, "r1"), Raw.Integer(UserId, 7), Raw.Text(3, "s"), Raw.Bits64(UserId, 8)];
        Edit[] userIds = [Cut(0, 9), Cut(13, 2), Cut(18, 9)];

        Assert.That(Inject(Raw.Join(pieces), userIds, "alice"), Is.EqualTo(Raw.Join(pieces[1], pieces[3], Raw.Text(UserId, "alice"))));
    }

    [Test]
    public void Inject_NothingButUserIds_LeavesTheSessionsAlone()
    {
        var message = Raw.Join(Raw.Text(UserId, "a"), Raw.Text(UserId, "b"));

        Assert.That(Inject(message, [Cut(0, 3), Cut(3, 3)], "alice"), Is.EqualTo(Raw.Text(UserId, "alice")));
    }

    [Test]
    public void Inject_EmptyMessage_IsTheUserIdAlone() => Assert.That(Inject([], null, "alice"), Is.EqualTo(Raw.Text(UserId, "alice")));

    [Test]
    public void Inject_Nobody_TakesOutAndAppendsNothing()
    {
        var message = Raw.Join(Raw.Text(1, "r1"), Raw.Text(UserId, "mallory"));

        Assert.That(Inject(message, [Cut(4, 9)], null), Is.EqualTo(Raw.Text(1, "r1")));
    }

    [Test]
    public void Inject_NobodyAndNothingToTakeOut_IsTheSameMemory()
    {
        var message = new ReadOnlySequence<byte>(Raw.Text(1, "r1"));

        Assert.That(UserIdInjector.Inject(message, null, default), Is.EqualTo(message));
    }

    [TestCase("用户1")]
    [TestCase("👩‍🚀")]
    public void Inject_UserIdBeyondAscii_IsUtf8(string userId) =>
        Assert.That(GetUserInfoReq.Parser.ParseFrom(Inject([], null, userId)).UserId, Is.EqualTo(userId));

    [TestCase(127)]
    [TestCase(128)]
    [TestCase(20_000)]
    public void Inject_LongUserId_HasItsLength(int length)
    {
        var userId = new string('u', length);

        Assert.That(Inject([], null, userId), Is.EqualTo(Raw.Text(UserId, userId)));
    }

    [TestCase(15)]
    [TestCase(16)]
    [TestCase(536_870_911)]
    public void Inject_AnyFieldNumber_HasItsTag(int field)
    {
        var injected = UserIdInjector.Inject(ReadOnlySequence<byte>.Empty, null, MessageFields.Of([], [], [field]).UserIdField("alice")).ToArray();

        Assert.That(injected, Is.EqualTo(Raw.Text(field, "alice")));
        using var input = new CodedInputStream(injected);
        Assert.That(input.ReadTag(), Is.EqualTo(WireFormat.MakeTag(field, WireFormat.WireType.LengthDelimited)));
    }

    private static Edit Cut(long offset, long length) => new(new FieldRange(offset, length));

    private static byte[] Inject(byte[] message, IReadOnlyList<Edit>? userIds, string? userId)
    {
        var field = userId is null ? default : MessageFields.Of([], [], [UserId]).UserIdField(userId);
        var whole = UserIdInjector.Inject(new ReadOnlySequence<byte>(message), userIds, field).ToArray();
        foreach (var way in Segmented.Ways(message))
        {
            Assert.That(UserIdInjector.Inject(way, userIds, field).ToArray(), Is.EqualTo(whole), "Segmentation changed the result");
        }

        return whole;
    }
}
