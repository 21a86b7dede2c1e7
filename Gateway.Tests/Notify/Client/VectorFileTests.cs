using Gateway.Notify.Protocol;
using Gateway.Protocol;
using Gateway.Protocol.NotifyV2;
using Google.Protobuf;

namespace Gateway.Tests.Notify.Client;

/// <summary>docs/notify-vectors.json speaks of the frames and the close codes that this gateway has.</summary>
[TestFixture]
internal sealed class VectorFileTests
{
    [Test]
    public void Frames_AreThoseOfTheProtocol()
    {
        Assert.Multiple(() =>
        {
            Read<ServerFrame>("frame");
            Read<ClientFrame>("send");
            Read<NotifyMessage>("event");
        });
    }

    [Test]
    public void Frames_OfEveryKind_OccurAmongThem()
    {
        Assert.That(Kinds("frame"), Is.EquivalentTo(ServerFrame.Descriptor.Oneofs[0].Fields.Select(field => field.JsonName)));
        Assert.That(Kinds("send"), Is.EquivalentTo(ClientFrame.Descriptor.Oneofs[0].Fields.Select(field => field.JsonName)));
    }

    [Test]
    public void CloseCodes_AreThoseOfTheGateway()
    {
        var closes = VectorFile.Vectors
            .Where(vector => vector.GetProperty("name").GetString()!.StartsWith("Close_1", StringComparison.Ordinal)
                || vector.GetProperty("name").GetString()!.StartsWith("Close_4", StringComparison.Ordinal))
            .Select(vector => VectorFile.Steps(vector).First())
            .Select(step => (
                Code: step.GetProperty("in").GetProperty("close").GetProperty("code").GetInt32(),
                Reconnect: step.GetProperty("out")[0].ToString() == "reconnecting"));

        Assert.That(closes, Is.EquivalentTo(CloseReason.All.Select(reason => (reason.Code, reason.Reconnect))));
    }

    /// <summary>Refuses unknown fields.</summary>
    private static void Read<T>(string kind)
        where T : IMessage<T>, new()
    {
        var things = VectorFile.Things(kind).ToList();
        Assert.That(things, Is.Not.Empty);
        foreach (var thing in things)
        {
            Assert.That(() => JsonParser.Default.Parse<T>(thing.GetRawText()), Throws.Nothing);
        }
    }

    private static IEnumerable<string> Kinds(string frames) =>
        VectorFile.Things(frames).SelectMany(frame => frame.EnumerateObject()).Select(frame => frame.Name).Distinct();
}
