using Gateway.Transforms.Schema;
using Yarp.ReverseProxy.Transforms.Builder;

namespace Gateway.Transforms.Routes;

/// <summary>Makes <c>{ "Rpc": "package.Service/Method" }</c> a transform of yarp.json.</summary>
internal sealed class RpcTransformFactory(RpcRouteParser parser) : ITransformFactory
{
    public bool Validate(TransformRouteValidationContext context, IReadOnlyDictionary<string, string> transformValues)
    {
        if (!transformValues.ContainsKey(TransformKeys.Rpc))
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
        if (!transformValues.ContainsKey(TransformKeys.Rpc))
        {
            return false;
        }

        // CallMiddleware makes the call under headers of its own. The client's stay here, and so do the sub-service's.
        context.CopyRequestHeaders = false;
        context.CopyResponseHeaders = false;
        context.CopyResponseTrailers = false;
        context.UseDefaultForwarders = false;
        return true;
    }
}
