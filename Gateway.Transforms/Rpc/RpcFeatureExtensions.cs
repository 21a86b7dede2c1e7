using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Transforms.Rpc;

internal static class RpcFeatureExtensions
{
    /// <summary>The call this request carries. Throws outside an RPC route: there the transforms and middleware do not run.</summary>
    public static RpcFeature GetRpcFeature(this HttpContext context) => context.Features.GetRequiredFeature<RpcFeature>();
}
