using System.Net;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Gateway.Transforms.Rpc;

/// <summary>Calls of clusters with <c>"Protocol": "http"</c>: the bare message by POST, through the cluster's HTTP client.</summary>
internal static class HttpCall
{
    /// <summary>The request of a call.</summary>
    public static HttpRequestMessage RequestOf(ClusterModel cluster, string instance, string path, MessageContent message) =>
        new(HttpMethod.Post, RequestUtilities.MakeDestinationAddress(instance, path, QueryString.Empty))
        {
            Version = cluster.Config.HttpRequest?.Version ?? HttpVersion.Version11,
            VersionPolicy = cluster.Config.HttpRequest?.VersionPolicy ?? HttpVersionPolicy.RequestVersionExact,
            Content = message,
        };
}
