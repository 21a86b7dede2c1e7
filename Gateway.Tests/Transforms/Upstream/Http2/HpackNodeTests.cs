using System.ComponentModel;
using System.Globalization;
using System.Net.Sockets;
using Gateway.Chaos.Fuzzing.Targets;
using Gateway.Tests.Support;
using Gateway.Transforms.Upstream.Http2;

namespace Gateway.Tests.Transforms.Upstream.Http2;

/// <summary>The header blocks of nghttp2, as Node has it: it remembers what it can, and uses Huffman where that is shorter.</summary>
[TestFixture]
[Servers]
internal sealed class HpackNodeTests
{
    /// <summary>Answers with the fields of the request.</summary>
    private const string Echo =
        """
        const http2 = require('http2');
        const server = http2.createServer();
        server.on('stream', (stream, headers, flags, raw) => {
          const answer = { ':status': Number(headers[':path'].slice(1)) };
          for (let i = 0; i < raw.length; i += 2) if (!raw[i].startsWith(':')) answer[raw[i]] = raw[i + 1];
          answer[http2.sensitiveHeaders] = ['secret'];
          stream.respond(answer, { endStream: true });
        });
        server.listen(0, '127.0.0.1', () => console.log(server.address().port));
        """;

    private const int Answers = 1000;

    /// <summary>Those of the static table that an answer may have once, with whatever value.</summary>
    private static readonly string[] Known =
        [.. PlainHpackReader.Static.Select(field => field.Name).Where(name => name[0] != ':' && name is not ("host" or "transfer-encoding" or "content-length" or "date"))];

    [Test]
    public async Task Decode_AnswersOfNode_AreWhatItWasToldToAnswer()
    {
        using var node = Start();
        await Eventually.That(() => node.Output.Contains('\n', StringComparison.Ordinal), "Node listens");
        using var tcp = new TcpClient();
        await tcp.ConnectAsync("127.0.0.1", int.Parse(node.Output, CultureInfo.InvariantCulture)).DefaultTimeout();
        var stream = tcp.GetStream();
        await stream.WriteAsync((byte[])[.. Http2Bytes.Preface.Span, .. Http2Bytes.Frame(Http2FrameType.Settings, 0, 0), .. Http2Bytes.Frame(Http2FrameType.Settings, Http2Bytes.Ack, 0)]);

        var (random, sut, longest) = (new Random(3), new HpackDecoder(), 0);
        for (var number = 0; number < Answers; number++)
        {
            var fields = Fields(random);
            var (id, status) = (1 + (2 * number), random.Next(2) == 0 ? "200" : $"{random.Next(200, 600)}");
            var request = Http2Bytes.Fields([(":method", "GET"), (":scheme", "http"), (":path", "/" + status), (":authority", "x"), .. fields]);
            await stream.WriteAsync(Http2Bytes.Frame(Http2FrameType.Headers, Http2Bytes.EndHeaders | Http2Bytes.EndStream, id, request));

            var block = await ReadAnswerAsync(stream, id);

            Assert.That(HeardFields.Of(sut, block), Is.EqualTo(fields.Prepend((":status", status))), () => Convert.ToHexString(block));
            longest = Math.Max(longest, block.Length);
        }

        Assert.That(longest, Is.GreaterThan(HpackDecoder.MaxTableSize), "None was of interest for what is larger than the table");
    }

    private static (string Name, string Value)[] Fields(Random random)
    {
        // Node would add a date of its own.
        List<(string, string)> fields = [("date", "never")];
        string[] names = [.. Known, "grpc-status", "grpc-message", "secret", "x-" + random.Next(50)];
        random.Shuffle(names);
        return [.. fields, .. names.Take(random.Next(12)).Select(name => (name, Value(random)))];
    }

    private static string Value(Random random) => random.Next(40) switch
    {
        0 => Any(random, random.Next(2000, 4500), 'z'),
        // A few odd bytes among frequent ones, or Huffman would be no shorter.
        < 20 => Any(random, random.Next(1, 20), 'z') + Any(random, 1, '\u00FF') + new string('e', 30),
        < 25 => Any(random, 20, '\u00FF'),
        var other => $"value-{other}",
    };

    /// <summary>Printable characters, up to the last one; the value has no space at an end.</summary>
    private static string Any(Random random, int length, char last) =>
        string.Concat(Enumerable.Range(0, length).Select(_ => (char)random.Next('!', last + 1)).Where(next => next != '\u007F'));

    private static async Task<byte[]> ReadAnswerAsync(Stream stream, int id)
    {
        while (true)
        {
            var frame = await Support.Http2Frame.ReadAsync(stream, CancellationToken.None).DefaultTimeout();
            Assert.That(frame?.Type, Is.Not.Null.And.Not.EqualTo(Http2FrameType.GoAway).And.Not.EqualTo(Http2FrameType.RstStream));
            if (frame is { Type: Http2FrameType.Headers } && frame.Stream == id)
            {
                Assert.That(frame.Flags & (Http2Bytes.EndHeaders | Http2Bytes.Padded), Is.EqualTo(Http2Bytes.EndHeaders));
                return frame.Payload;
            }
        }
    }

    private static ChildProcess Start()
    {
        try
        {
            return ChildProcess.Start(Path.GetTempPath(), [], "node", "-e", Echo);
        }
        catch (Win32Exception error)
        {
            Assert.Fail($"{error.Message}. This test needs Node 20 or later. test.sh sees to it.");
            throw;
        }
    }
}
