using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gateway.Chaos.Load;
using Gateway.Protocol;
using Google.Protobuf;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Chaos.Parts;

/// <summary>
/// An instance of the user, file, friend and message services, in a process of its own. It tells callers their own user id, so that a mixed-up answer shows, and
/// misbehaves when it is told to at <c>/misbehave/{how}</c>, which answers how many calls it has spoilt so far.
/// </summary>
internal static class StubInstance
{
    private const int FrameHeader = 5;

    /// <summary>HTTP/2's INTERNAL_ERROR.</summary>
    private const int InternalError = 2;

    private static readonly TimeSpan Slowness = TimeSpan.FromMilliseconds(500);

    private static Misbehaviour _mode;
    private static int _spoilt;

    public static async Task<int> RunAsync(string port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback, int.Parse(port, CultureInfo.InvariantCulture), listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddLogging();
        await using var app = builder.Build();
        app.Run(HandleAsync);
        await app.RunAsync();
        return 0;
    }

    private static async Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (path.StartsWith("/misbehave/", StringComparison.Ordinal))
        {
            _mode = Enum.Parse<Misbehaviour>(path["/misbehave/".Length..]);
            await context.Response.WriteAsync(Volatile.Read(ref _spoilt).ToString(CultureInfo.InvariantCulture));
            return;
        }

        var mode = _mode;
        if (mode != Misbehaviour.None)
        {
            Interlocked.Increment(ref _spoilt);
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var answer = AnswerTo(path, body.GetBuffer().AsSpan(0, (int)body.Length)[FrameHeader..]);
        await AnswerAsync(context, Frame(answer.ToByteArray()), mode);
    }

    private static IMessage AnswerTo(string path, ReadOnlySpan<byte> message) => path switch
    {
        "/bite_im.FileService/PutSingleFile" => PutFile(PutSingleFileReq.Parser.ParseFrom(message)),
        "/bite_im.MsgTransmitService/GetTransmitTarget" => Transmit(NewMessageReq.Parser.ParseFrom(message)),
        "/bite_im.FriendService/FriendRemove" => new FriendRemoveRsp { RequestId = FriendRemoveReq.Parser.ParseFrom(message).RequestId, Success = true },
        _ => TellUser(GetUserInfoReq.Parser.ParseFrom(message)),
    };

    private static PutSingleFileRsp PutFile(PutSingleFileReq request) => new()
    {
        RequestId = request.RequestId,
        Success = true,
        FileInfo = new FileMessageInfo { FileId = Uploads.IdOf(request.UserId, request.FileData.FileContent.Span), FileSize = request.FileData.FileSize },
    };

    /// <summary>Whom to tell stands in the chat session's id, and what the event is called in its text. The answer says when it was kept.</summary>
    private static GetTransmitTargetRsp Transmit(NewMessageReq request) => new()
    {
        RequestId = request.RequestId,
        Success = true,
        Errmsg = Stopwatch.GetTimestamp().ToString(CultureInfo.InvariantCulture),
        Message = new MessageInfo { MessageId = request.Message.StringMessage.Content },
        TargetIdList = { request.ChatSessionId.Split(',') },
    };

    private static GetUserInfoRsp TellUser(GetUserInfoReq request) =>
        new() { RequestId = request.RequestId, Success = true, UserInfo = new UserInfo { UserId = request.UserId } };

    private static async Task AnswerAsync(HttpContext context, byte[] frame, Misbehaviour mode)
    {
        context.Response.ContentType = "application/grpc";
        switch (mode)
        {
            case Misbehaviour.Slow:
                await Task.Delay(Slowness);
                await context.Response.Body.WriteAsync(frame);
                break;
            case Misbehaviour.Hang:
                await GivenUpAsync(context);
                return;
            case Misbehaviour.HalfClose:
                context.Features.Get<IConnectionSocketFeature>()!.Socket.Shutdown(SocketShutdown.Send);
                await GivenUpAsync(context);
                return;
            case Misbehaviour.Storm:
                context.Features.Get<IHttpResetFeature>()!.Reset(InternalError);
                return;
            case Misbehaviour.Reset:
                await context.Response.Body.WriteAsync(frame.AsMemory(0, frame.Length / 2));
                await context.Response.Body.FlushAsync();
                context.Abort();
                return;
            case Misbehaviour.Garbage:
                await context.Response.Body.WriteAsync("\u0007 garbage, and more of it"u8.ToArray());
                break;
            default:
                await context.Response.Body.WriteAsync(frame);
                break;
        }

        context.Response.AppendTrailer("grpc-status", "0");
    }

    private static Task GivenUpAsync(HttpContext context) =>
        Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);

    private static byte[] Frame(byte[] message)
    {
        var frame = new byte[FrameHeader + message.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Length);
        message.CopyTo(frame, FrameHeader);
        return frame;
    }
}
