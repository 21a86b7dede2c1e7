using Gateway.Protocol;
using Google.Protobuf.Reflection;

namespace Gateway.Transforms.Rpc;

/// <summary>
/// The RPCs a route can name. The chat system's own services are built in and found under any proto package, because deployments
/// differ in the package and in nothing else; further services come from descriptor sets and are found by their full name.
/// </summary>
public sealed class RpcCatalog
{
    private static readonly FileDescriptor[] BuiltInFiles =
    [
        UserReflection.Descriptor, FriendReflection.Descriptor, MessageTransmitReflection.Descriptor,
        MessageStorageReflection.Descriptor, FileReflection.Descriptor, SpeechRecognitionReflection.Descriptor,
    ];

    private readonly Dictionary<string, ServiceDescriptor> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ServiceDescriptor> _byFullName = new(StringComparer.Ordinal);

    /// <param name="descriptorSets">Files made known by the operator, in addition to the built-in services.</param>
    public RpcCatalog(IEnumerable<FileDescriptor> descriptorSets)
    {
        ArgumentNullException.ThrowIfNull(descriptorSets);
        foreach (var service in BuiltInFiles.SelectMany(file => file.Services))
        {
            _byName[service.Name] = service;
        }

        foreach (var service in descriptorSets.SelectMany(file => file.Services))
        {
            _byFullName[service.FullName] = service;
        }
    }

    /// <summary>Whether a method is one of the chat system's own, and not of a descriptor set.</summary>
    internal static bool IsBuiltIn(MethodDescriptor method) => BuiltInFiles.Contains(method.File);

    /// <summary>Finds <c>package.Service/Method</c>.</summary>
    /// <param name="rpc">The full name, as it will stand in the path of the call.</param>
    /// <param name="method">The method, or null.</param>
    /// <param name="problem">What is wrong with the name and what to write instead, without a subject; null when found.</param>
    internal bool TryFind(string rpc, out MethodDescriptor? method, out string? problem)
    {
        method = null;
        if (rpc.Split('/') is not [{ Length: > 0 } serviceName, { Length: > 0 } methodName])
        {
            problem = $"is '{rpc}'; write it as 'package.Service/Method'";
            return false;
        }

        var service = _byFullName.GetValueOrDefault(serviceName)
            ?? _byName.GetValueOrDefault(serviceName[(serviceName.LastIndexOf('.') + 1)..]);
        if (service is null)
        {
            problem = $"is '{rpc}', but the service '{serviceName}' is unknown; "
                + $"known are {string.Join(", ", _byName.Keys.Concat(_byFullName.Keys).Order(StringComparer.Ordinal))}, "
                + "others are made known by Gateway:DescriptorSets";
            return false;
        }

        method = service.FindMethodByName(methodName);
        problem = method switch
        {
            null => $"is '{rpc}', but '{serviceName}' has no method '{methodName}'; "
                + $"it has {string.Join(", ", service.Methods.Select(m => m.Name))}",
            { IsClientStreaming: true } or { IsServerStreaming: true } => $"is '{rpc}', a streaming method; only unary methods can be routed",
            _ => null,
        };
        return problem is null;
    }
}
