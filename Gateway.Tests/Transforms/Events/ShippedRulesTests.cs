using Gateway.Chaos.Fuzzing.Targets;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Gateway.Tests.Transforms.Identity;
using Gateway.Tests.Transforms.Wire;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Gateway.Tests.Transforms.Events;

/// <summary>The rules of yarp.json tell what the wire contract says, whatever request and answer look like on the wire.</summary>
[TestFixture]
internal sealed class ShippedRulesTests
{
    private static readonly (string Route, MessageDescriptor Request, MessageDescriptor Answer)[] Routes =
    [
        ("friend-add-friend-apply", FriendAddReq.Descriptor, FriendAddRsp.Descriptor),
        ("friend-add-friend-process", FriendAddProcessReq.Descriptor, FriendAddProcessRsp.Descriptor),
        ("friend-remove-friend", FriendRemoveReq.Descriptor, FriendRemoveRsp.Descriptor),
        ("friend-create-chat-session", ChatSessionCreateReq.Descriptor, ChatSessionCreateRsp.Descriptor),
        ("message-new-message", NewMessageReq.Descriptor, GetTransmitTargetRsp.Descriptor),
    ];

    private static IEnumerable<string> Names => Routes.Select(route => route.Route);

    [TestCaseSource(nameof(Names))]
    public async Task RandomCall_IsToldAsProtobufsObjectsTellIt(string route)
    {
        using var harness = new EventHarness();
        harness.Services.Users["alice"] = EventHarness.Alice;
        harness.Services.Users["bob"] = EventHarness.Bob;
        var (_, request, answer) = Routes.Single(one => one.Route == route);
        var random = new Random(20261130);
        var (told, same) = (0, 0);
        for (var round = 0; round < 2000; round++)
        {
            // Every other time as serializers write them: then the event is what they would write, too.
            var isOdd = round % 2 == 0;
            var (asking, answering) = (RandomRequest.Fill(request, random), RandomRequest.Fill(answer, random));
            var (asked, answered) = isOdd ? (OddBytes.Of(asking, random), OddBytes.Of(answering, random)) : (asking.ToByteArray(), answering.ToByteArray());
            var caller = random.Next(2) == 0 ? "alice" : "mallory";
            var expected = EventOracle.Of(route, caller, asked, answered, id => id switch
            {
                "alice" => EventHarness.Alice,
                "bob" => EventHarness.Bob,
                _ => new UserInfo { UserId = id },
            });
            harness.Publisher.Published.Clear();
            harness.Publisher.Bytes.Clear();

            var reply = await harness.HandleAsync(harness.Shipped(route), caller, asked, answered).DefaultTimeout();

            var call = $"{Convert.ToHexString(asked)} {Convert.ToHexString(answered)}";
            Assert.That(harness.Publisher.Published, Is.EqualTo(expected.Told), call);
            // A field of the right number and the wrong type is none of those that are compared; it goes or stays with its number.
            var parser = expected.Reply.Descriptor.Parser.WithDiscardUnknownFields(true);
            Assert.That(parser.ParseFrom(reply), Is.EqualTo(parser.ParseFrom(expected.Reply.ToByteArray())), call);
            told += expected.Told.Count;
            if (!isOdd)
            {
                Assert.That(harness.Publisher.Bytes, Is.EqualTo(expected.Told.Select(one => one.Message.ToByteArray())), call);
                same += expected.Told.Count;
            }
        }

        Assert.That((told > 300, same > 100), Is.EqualTo((true, true)), "or this shows nothing");
        Assert.That(harness.Log.Entries, Is.Empty);
    }
}
