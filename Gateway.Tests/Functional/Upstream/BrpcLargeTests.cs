using Gateway.Protocol;
using Gateway.Tests.Support;
using Gateway.Tests.Transforms.Wire;
using Google.Protobuf;
using static Gateway.Tests.Support.BrpcSubServiceConnection;

namespace Gateway.Tests.Functional.Upstream;

/// <summary>Large messages in a protocol that sends each in one piece: nobody else waits for them, and what is held of them is bounded.</summary>
[TestFixture]
internal sealed class BrpcLargeTests : BrpcTest
{
    private const int FileBytes = 20_000_000;

    /// <summary>What the gateway holds of an answer that nobody takes, and the systems on the way.</summary>
    private const int MaxAhead = 24 << 20;

    private static readonly byte[] Upload = Raw.Join(Raw.Text(1, "r1"), Raw.Text(3, "s-alice"), Raw.Bytes(4, Raw.Bytes(3, new byte[FileBytes])));

    [Test]
    public async Task Answer_OfTwentyMegabytes_ArrivesWhole()
    {
        var file = FileOf(FileBytes);
        Service.OnRequest = (connection, request) => connection.AnswerAsync(request.Id, file);

        // The second one goes another way: by then the method is known for such answers.
        Assert.That((await DownloadAsync()).AsSpan().SequenceEqual(file), Is.True);
        Assert.That((await DownloadAsync()).AsSpan().SequenceEqual(file), Is.True);
        Assert.That(Service.Connections, Is.EqualTo(2));
    }

    [Test]
    public async Task Upload_OfTwentyMegabytes_HoldsNobodyUp()
    {
        byte[]? received = null;
        Service.OnRequest = (connection, request) =>
        {
            received = request.Message.Length > FileBytes ? request.Message : received;
            return connection.AnswerAsync(request.Id, new PutSingleFileRsp { RequestId = "r1", Success = true }.ToByteArray());
        };
        using var client = await BeginUploadAsync(Upload.Length / 2);

        for (var i = 0; i < 5; i++)
        {
            Assert.That(await CodeAsync(), Is.Empty);
        }

        await client.SendAsync(Upload.AsMemory(Upload.Length / 2));
        Assert.That(PutSingleFileRsp.Parser.ParseFrom((await client.ReadAsync()).Body).Success, Is.True);
        Assert.That(received, Is.EqualTo(Raw.Join(Upload, Raw.Text(2, "alice"))));
        Assert.That(Service.Connections, Is.EqualTo(2));
    }

    [Test]
    public async Task Upload_BrokenOff_EndsItsOwnConnectionAlone()
    {
        Assert.That(await CodeAsync(UploadPath), Is.Empty);
        (await BeginUploadAsync(Upload.Length / 2)).Dispose();

        await Eventually.That(() => Service.Connections == 2 && Service.OpenConnections == 1);

        Assert.That(Service.Requests, Is.EqualTo(1), "The sub-service was given a request that is not whole");
        Assert.That(await CodeAsync(UploadPath), Is.Empty);
        Assert.That(Service.Connections, Is.EqualTo(2));
    }

    [Test]
    public async Task Requests_HeldAndLarge_GoOnConnectionsOfTheirOwn()
    {
        // The events of this route need the whole message.
        var message = new NewMessageReq
        {
            RequestId = "r1",
            SessionId = "s-alice",
            Message = new MessageContent { FileMessage = new FileMessageInfo { FileContents = ByteString.CopyFrom(new byte[1 << 20]) } },
        };
        Service.OnRequest = (connection, request) => connection.AnswerAsync(
            request.Id, new GetTransmitTargetRsp { RequestId = "r1", Success = true, Message = new MessageInfo { MessageId = request.Message.Length > 1 << 20 ? "whole" : "" } }.ToByteArray());

        for (var i = 0; i < 3; i++)
        {
            var answer = await Gateway.CallAsync<NewMessageRsp>("/service/message_transmit/new_message", message).DefaultTimeout();
            Assert.That(answer.Success, Is.True);
        }

        Assert.That(Service.Connections, Is.EqualTo(1), "One after another they need one");
    }

    [Test]
    public async Task Answer_NotTaken_FailsAlone_AndTheNextOneIsReadNoFasterThanItIsTaken()
    {
        var file = FileOf(100 << 20);
        var sent = 0;
        Service.OnRequest = async (connection, request) =>
        {
            if (request.Method != "GetSingleFile")
            {
                await connection.AnswerAsync(request.Id, []);
                return;
            }

            sent = 0;
            foreach (var piece in Pieces(Frame(Meta(request.Id), file)))
            {
                await connection.SendAsync(piece);
                Volatile.Write(ref sent, sent + piece.Length);
            }
        };

        // Nobody can hold this one up, as others wait on its connection.
        using (var slow = await BeginDownloadAsync())
        {
            await Eventually.That(() => Volatile.Read(ref sent) > file.Length);
            Assert.That(await CodeAsync(), Is.Empty);
            Assert.That(slow.ReadAsync, Throws.InstanceOf<IOException>());
            await Eventually.That(() => Gateway.Log.Named("CallFailed").Count == 1);
            Assert.That(Failure(), Does.Contain("the client takes the answer more slowly than the sub-service sends it, and more than 64 MiB would be held"));
        }

        Volatile.Write(ref sent, 0);
        using var patient = await BeginDownloadAsync();
        await Eventually.That(() => Volatile.Read(ref sent) > 1 << 20);
        for (var i = 0; i < 20; i++)
        {
            Assert.That(await CodeAsync(), Is.Empty);
        }

        Assert.That(Volatile.Read(ref sent), Is.LessThan(MaxAhead));
        Assert.That((await patient.ReadAsync()).Body.AsSpan().SequenceEqual(file), Is.True);
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Pieces(byte[] bytes)
    {
        const int Length = 64 << 10;
        for (var at = 0; at < bytes.Length; at += Length)
        {
            yield return bytes.AsMemory(at, Math.Min(Length, bytes.Length - at));
        }
    }

    private async Task<RawClient> BeginUploadAsync(int bytes)
    {
        var begun = Service.Begun;
        var client = await RawClient.ConnectAsync(Gateway.Address);
        await client.SendAsync($"POST {UploadPath} HTTP/1.1\r\nHost: gateway\r\nContent-Length: {Upload.Length}\r\n\r\n");
        await client.SendAsync(Upload.AsMemory(0, bytes));
        await Eventually.That(() => Service.Begun > begun);
        return client;
    }

    private async Task<RawClient> BeginDownloadAsync()
    {
        var client = await RawClient.ConnectAsync(Gateway.Address, receiveBuffer: 64 << 10);
        await client.PostAsync(DownloadPath, new GetSingleFileReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray());
        return client;
    }
}
