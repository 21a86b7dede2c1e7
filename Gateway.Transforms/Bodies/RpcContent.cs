using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Gateway.Transforms.Bodies;

/// <summary>The content types of a protobuf message over HTTP.</summary>
internal static class RpcContent
{
    /// <summary>What the gateway sends, to clients and to <c>http</c> sub-services: brpc reads anything else as JSON.</summary>
    public const string Type = "application/x-protobuf";

    /// <summary>What a gRPC sub-service is sent.</summary>
    public const string GrpcType = "application/grpc";

    /// <summary>Whether a message may be labelled so. No label at all will do: old clients send none.</summary>
    public static bool IsMessage(string? contentType)
    {
        if (string.IsNullOrEmpty(contentType))
        {
            return true;
        }

        var type = contentType.AsSpan();
        var parameters = type.IndexOf(';');
        type = (parameters < 0 ? type : type[..parameters]).Trim();
        return Is(type, Type) || Is(type, "application/protobuf") || Is(type, "application/proto") || Is(type, "application/octet-stream");
    }

    /// <summary>Whether a request is a bare message: of a known type, and not compressed.</summary>
    public static bool IsMessage(HttpRequest request) =>
        IsMessage(request.ContentType) && IsIdentity(request.Headers.ContentEncoding) && IsPlain(request.Headers.TransferEncoding);

    private static bool IsIdentity(StringValues encoding) =>
        StringValues.IsNullOrEmpty(encoding) || Is(encoding.ToString(), "identity");

    /// <summary>The server takes off the last coding, chunked, and leaves any below it as it is.</summary>
    private static bool IsPlain(StringValues coding) =>
        StringValues.IsNullOrEmpty(coding) || Is(coding.ToString(), "chunked");

    private static bool Is(ReadOnlySpan<char> a, ReadOnlySpan<char> b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
