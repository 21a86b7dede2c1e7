using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using Gateway.Protocol;
using Google.Protobuf;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Bench.Servers;

/// <summary>
/// All sub-services in one process that does as little as it can: gRPC and plain protobuf bodies over HTTP/2 without TLS on one port,
/// plain ones over HTTP/1.1 on another, baidu_std on a third. Answers name the user they were told, so that whoever asks can check that.
/// </summary>
internal static class SubService
{
    private const string TargetsPrefix = "targets-";

    public const int FileSize = 64 << 20;

    private const int FrameHeader = 5;
    private const int Window = 1 << 20;

    private static readonly byte[] File = new byte[FileSize];

    /// <summary>The id of a chat session whose messages go to so many users, beginning with <c>u{first}</c>.</summary>
    public static string Targets(int first, int count) => string.Create(CultureInfo.InvariantCulture, $"{TargetsPrefix}{first}-{count}");

    /// <summary>The id of a file of so many bytes.</summary>
    public static string FileOf(int size) => size.ToString(CultureInfo.InvariantCulture);

    /// <summary>What a request becomes, as the users it is for are told.</summary>
    public static MessageInfo Message(NewMessageReq request, string sender) => new()
    {
        MessageId = request.RequestId,
        ChatSessionId = request.ChatSessionId,
        Sender = new UserInfo { UserId = sender, Nickname = "Nick" },
        Message = request.Message,
    };

    public static async Task RunAsync(int http1Port, int http2Port, int brpcPort)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.Http2.InitialStreamWindowSize = Window;
            kestrel.Limits.Http2.InitialConnectionWindowSize = Window * 4;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 1000;
            kestrel.Listen(IPAddress.Loopback, http1Port, endpoint => endpoint.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, http2Port, endpoint => endpoint.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, brpcPort, endpoint => endpoint.UseConnectionHandler<BrpcFace>());
        });
        await using var app = builder.Build();
        app.Run(AnswerAsync);
        await app.RunAsync();
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        var isGrpc = context.Request.ContentType == "application/grpc";
        var body = await ReadAsync(context.Request);
        var answer = Answer(context.Request.Path.Value!, body.Span[(isGrpc ? FrameHeader : 0)..]);
        var size = answer.CalculateSize();
        if (isGrpc)
        {
            var frame = new byte[FrameHeader + size];
            BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)size);
            answer.WriteTo(frame.AsSpan(FrameHeader));
            context.Response.ContentType = "application/grpc";
            context.Response.AppendTrailer("grpc-status", "0");
            await context.Response.BodyWriter.WriteAsync(frame);
        }
        else
        {
            context.Response.ContentType = "application/x-protobuf";
            context.Response.ContentLength = size;
            await context.Response.BodyWriter.WriteAsync(answer.ToByteArray());
        }
    }

    private static async ValueTask<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request)
    {
        var reader = request.BodyReader;
        using var all = new MemoryStream();
        while (true)
        {
            var read = await reader.ReadAsync();
            foreach (var part in read.Buffer)
            {
                all.Write(part.Span);
            }

            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return all.GetBuffer().AsMemory(0, (int)all.Length);
            }
        }
    }

    /// <param name="path">The path of a route or of a method; its last part says which.</param>
    /// <param name="request">The message.</param>
    public static IMessage Answer(string path, ReadOnlySpan<byte> request) => path.Split('/')[^1] switch
    {
        "GetUserInfo" or "get_user_info" => UserInfo(GetUserInfoReq.Parser.ParseFrom(request)),
        "GetTransmitTarget" or "new_message" => Transmit(NewMessageReq.Parser.ParseFrom(request)),
        "PutSingleFile" or "put_single_file" => Put(PutSingleFileReq.Parser.ParseFrom(request)),
        "GetSingleFile" or "get_single_file" => Get(GetSingleFileReq.Parser.ParseFrom(request)),
        _ => throw new InvalidOperationException($"Nobody asks for '{path}'."),
    };

    private static GetUserInfoRsp UserInfo(GetUserInfoReq request) => new()
    {
        RequestId = request.RequestId,
        Success = true,
        UserInfo = new UserInfo { UserId = request.UserId, Nickname = "Nick", Description = "Measures things", Phone = "13800000000" },
    };

    private static GetTransmitTargetRsp Transmit(NewMessageReq request)
    {
        var answer = new GetTransmitTargetRsp
        {
            RequestId = request.RequestId,
            Success = true,
            Message = Message(request, request.UserId),
        };
        var range = request.ChatSessionId[TargetsPrefix.Length..].Split('-');
        answer.TargetIdList.Add(
            Enumerable.Range(int.Parse(range[0], CultureInfo.InvariantCulture), int.Parse(range[1], CultureInfo.InvariantCulture)).Select(People.User));

        return answer;
    }

    private static PutSingleFileRsp Put(PutSingleFileReq request) => new()
    {
        RequestId = request.RequestId,
        Success = true,
        FileInfo = new FileMessageInfo { FileId = "f", FileSize = request.FileData.FileContent.Length, FileName = request.FileData.FileName },
    };

    private static GetSingleFileRsp Get(GetSingleFileReq request) => new()
    {
        RequestId = request.RequestId,
        Success = true,
        FileData = new FileDownloadData { FileId = request.FileId, FileContent = UnsafeByteOperations.UnsafeWrap(File.AsMemory(0, int.Parse(request.FileId, CultureInfo.InvariantCulture))) },
    };
}
