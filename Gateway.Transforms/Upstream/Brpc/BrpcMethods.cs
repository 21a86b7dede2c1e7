using System.Collections.Concurrent;
using Gateway.Transforms.Wire;

namespace Gateway.Transforms.Upstream.Brpc;

/// <summary>What the connections to one instance know of the methods that are called there.</summary>
internal sealed class BrpcMethods
{
    private readonly ConcurrentDictionary<string, BrpcMethod> _methods = new(StringComparer.Ordinal);

    /// <param name="path">As <c>/package.Service/Method</c>.</param>
    public BrpcMethod Of(string path) => _methods.GetOrAdd(path, static path => new BrpcMethod(path));
}

/// <summary>A method of a sub-service.</summary>
internal sealed class BrpcMethod
{
    /// <summary>Answers beyond this length, in bytes, make a method one with large answers.</summary>
    public const int LargeAnswer = 1 << 20;

    // Of the message RpcRequestMeta.
    private const int ServiceName = 1;
    private const int MethodName = 2;

    /// <summary>How long it is taken for such a method after its last large answer.</summary>
    private static readonly TimeSpan LargeTime = TimeSpan.FromMinutes(10);

    private long _largeAt;

    public BrpcMethod(string path)
    {
        // Servers look a name with a dot up as the service's full name, and another one as its short name.
        var slash = path.LastIndexOf('/');
        byte[] names = [.. WireValue.Text(ServiceName, path[..slash].TrimStart('/')).Span, .. WireValue.Text(MethodName, path[(slash + 1)..]).Span];
        Names = names;
    }

    /// <summary>The fields that name it in the meta of a request.</summary>
    public ReadOnlyMemory<byte> Names { get; }

    public void AnsweredLargely(TimeProvider time) => Volatile.Write(ref _largeAt, time.GetTimestamp() | 1);

    public bool AnswersLargely(TimeProvider time) => Volatile.Read(ref _largeAt) is not 0 and var at && time.GetElapsedTime(at) < LargeTime;
}
