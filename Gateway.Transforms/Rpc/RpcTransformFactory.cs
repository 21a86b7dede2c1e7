using Gateway.Transforms.Events;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Transforms.Builder;

namespace Gateway.Transforms.Rpc;

/// <summary>Makes <c>{ "Rpc": "package.Service/Method" }</c> a transform of yarp.json.</summary>
internal sealed class RpcTransformFactory(
    RpcRouteParser parser, EventDispatcher events, IOptions<RpcOptions> options, TimeProvider time) : ITransformFactory
{
    public bool Validate(TransformRouteValidationContext context, IReadOnlyDictionary<string, string> transformValues)
    {
        if (!transformValues.ContainsKey(RpcRouteParser.RpcKey))
        {
            return false;
        }

        List<string> errors = [];
        parser.Parse(context.Route, transformValues, errors);
        foreach (var error in errors)
        {
            context.Errors.Add(new ArgumentException(error));
        }

        return true;
    }

    public bool Build(TransformBuilderContext context, IReadOnlyDictionary<string, string> transformValues)
    {
        if (!transformValues.ContainsKey(RpcRouteParser.RpcKey))
        {
            return false;
        }

        RpcProtocols.TryGet(context.Cluster, out var protocol, out _);
        // Sub-services read nothing of a client's headers, and a client nothing of theirs: what is not copied can't leak.
        // X-Forwarded-* and the trace context, which YARP and the HTTP client write anew, do go out.
        context.CopyRequestHeaders = false;
        context.CopyResponseHeaders = false;
        context.CopyResponseTrailers = false;
        context.RequestTransforms.Add(new RpcRequestTransform(protocol, time));
        context.ResponseTransforms.Add(new RpcResponseTransform(protocol, events, options, time));
        return true;
    }
}
