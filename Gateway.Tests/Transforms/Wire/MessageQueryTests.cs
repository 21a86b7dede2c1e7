using System.Buffers;
using Gateway.Protocol.NotifyV2;
using Gateway.Transforms.Schema;
using Gateway.Transforms.Wire;

namespace Gateway.Tests.Transforms.Wire;

/// <summary>What no request or answer of the contract has, compared with Google's parser.</summary>
[TestFixture]
internal sealed class MessageQueryTests
{
    /// <summary>Pieces of a oneof in any order, some of a wire type that makes them unknown fields.</summary>
    [Test]
    public void Find_FieldsOfAOneof_AreThoseThatTheParserReads()
    {
        var random = new Random(1918);
        var sut = new MessageQuery(ClientFrame.Descriptor);
        int[] slots = [Add("hello.session_id"), Add("resume.epoch"), Add("authenticate.session_id"), Add("hello.resume.epoch")];
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = Raw.Join([.. Enumerable.Range(0, random.Next(6)).Select(_ => Piece(random))]);
            var frame = ClientFrame.Parser.ParseFrom(bytes);

            var found = sut.Find(new ReadOnlySequence<byte>(bytes));

            Assert.That(
                slots.Select(slot => found.Count(slot) == 0 ? "" : System.Text.Encoding.UTF8.GetString(found.Value(slot, found.Count(slot) - 1).ToArray())),
                Is.EqualTo(new[] { frame.Hello?.SessionId ?? "", frame.Resume?.Epoch ?? "", frame.Authenticate?.SessionId ?? "", frame.Hello?.Resume?.Epoch ?? "" }),
                Convert.ToHexString(bytes));
        }

        int Add(string path) => sut.Add(FieldPath.Find(ClientFrame.Descriptor, path, out _)!);
    }

    private static byte[] Piece(Random random)
    {
        var (field, text) = (random.Next(1, 5), random.Next(10).ToString(System.Globalization.CultureInfo.InvariantCulture));
        return random.Next(4) switch
        {
            0 => Raw.Integer(field, 7),
            1 => Raw.Bits32(field, 7),
            2 when field == 1 => Raw.Bytes(1, Raw.Bytes(2, Raw.Text(1, text))),
            _ => Raw.Bytes(field, Raw.Text(1, text)),
        };
    }
}
