using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace ChatDemo.Services;

/// <summary>
/// Fills in what every reply begins with: request_id, success and errmsg. A service returns the rest, or throws
/// <see cref="RefusedException"/>. Any other exception is a fault of ours and leaves as a gRPC error.
/// </summary>
internal sealed class EnvelopeInterceptor : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        TResponse response;
        string? refusal = null;
        try
        {
            response = await continuation(request, context);
        }
        catch (RefusedException refused)
        {
            response = Activator.CreateInstance<TResponse>();
            refusal = refused.Message;
        }

        Set(response, "request_id", Get(request, "request_id"));
        Set(response, "success", refusal is null);
        Set(response, "errmsg", refusal ?? "");
        return response;
    }

    private static object Get(object message, string field) =>
        ((IMessage)message).Descriptor.FindFieldByName(field).Accessor.GetValue((IMessage)message);

    private static void Set(object message, string field, object value) =>
        ((IMessage)message).Descriptor.FindFieldByName(field).Accessor.SetValue((IMessage)message, value);
}
