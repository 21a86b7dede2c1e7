using System.Diagnostics;

namespace Gateway.Transforms.Rpc;

/// <summary>The span of a call to a sub-service. There is none where nobody collects spans.</summary>
internal static class CallSpan
{
    public const string SourceName = "Gateway.Transforms";

    private static readonly ActivitySource Source = new(SourceName);

    /// <param name="path">The path of the method.</param>
    /// <param name="instance">The address of the instance.</param>
    public static Activity? Begin(string path, string instance)
    {
        var span = Source.StartActivity(ActivityKind.Client);
        if (span is { IsAllDataRequested: true })
        {
            span.DisplayName = path[1..];
            span.SetTag("rpc.method", path[1..]);
            span.SetTag("server.address", instance);
        }

        return span;
    }
}
