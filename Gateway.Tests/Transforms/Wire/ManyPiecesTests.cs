using System.Buffers;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Gateway.Transforms.Schema;
using Gateway.Transforms.Wire;

namespace Gateway.Tests.Transforms.Wire;

/// <summary>
/// A body lies in as many pieces of memory as the network brought, and may hold a value every second byte. Whoever seeks each from the beginning is at it for
/// minutes, for one request.
/// </summary>
[TestFixture]
internal sealed class ManyPiecesTests
{
    private const int Values = 200_000;

    private static ReadOnlySequence<byte> Message(int field) => Segmented.SingleBytes(Raw.Join(Enumerable.Repeat(Raw.Text(field, ""), Values)));

    [Test]
    public async Task Scan_MessagesThatMayHoldAnId_AreReadWhereTheyStand()
    {
        var (message, fields) = (Message(1), MessageFields.Of([1, 1], [1, 2], [1, 3]));

        Assert.That((await Task.Run(() => MessageScanner.Scan(message, fields)).DefaultTimeout()).Problem, Is.Null);
    }

    [Test]
    public async Task IsSound_Texts_AreReadWhereTheyStand()
    {
        var message = Message(ChatSessionCreateReq.MemberIdListFieldNumber);

        Assert.That(await Task.Run(() => MessageCheck.IsSound(message, ChatSessionCreateReq.Descriptor)).DefaultTimeout(), Is.True);
    }

    [Test]
    public async Task Find_Values_AreReadWhereTheyStand()
    {
        var message = Message(ChatSessionCreateReq.MemberIdListFieldNumber);
        var sut = new MessageQuery(ChatSessionCreateReq.Descriptor);
        var members = sut.Add([ChatSessionCreateReq.Descriptor.FindFieldByNumber(ChatSessionCreateReq.MemberIdListFieldNumber)]);

        var empty = await Task.Run(() =>
        {
            var found = sut.Find(message);
            return Enumerable.Range(0, found.Count(members)).Count(i => found.Value(members, i).IsEmpty);
        }).DefaultTimeout();

        Assert.That(empty, Is.EqualTo(Values));
    }

    [Test]
    public async Task Find_MessagesOfAList_AreReadWhereTheyStand()
    {
        var message = Message(GetChatSessionMemberRsp.MemberInfoListFieldNumber);
        var sut = new MessageQuery(GetChatSessionMemberRsp.Descriptor);
        var ids = sut.Add(FieldPath.Find(GetChatSessionMemberRsp.Descriptor, "member_info_list.user_id", out _)!);

        Assert.That((await Task.Run(() => sut.Find(message)).DefaultTimeout()).Count(ids), Is.Zero);
    }
}
