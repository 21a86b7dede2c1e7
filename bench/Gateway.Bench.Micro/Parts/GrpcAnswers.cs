using System.Net;
using Gateway.Transforms.Rpc;

namespace Gateway.Bench.Micro.Parts;

/// <summary>Good answers of a sub-service that can be read again and again.</summary>
internal static class GrpcAnswers
{
    public static HttpResponseMessage Of(byte[] message)
    {
        var body = new byte[GrpcFrame.HeaderBytes + message.Length];
        GrpcFrame.WriteHeader(body, (uint)message.Length);
        message.CopyTo(body, GrpcFrame.HeaderBytes);
        var answer = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new RepeatedStream(body)) };
        answer.TrailingHeaders.Add("grpc-status", "0");
        return answer;
    }
}
