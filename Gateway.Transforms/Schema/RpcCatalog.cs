using Gateway.Protocol;
using Google.Protobuf.Reflection;

namespace Gateway.Transforms.Schema;

/// <summary>
/// The RPCs a route can name. The chat system's own services are built in and found under any proto package, because deployments
/// differ in the package and in nothing else; further services come from descriptor sets and are found by their full name. A set may
/// add methods to a built-in service.
/// </summary>
public sealed class RpcCatalog
{
    private static readonly FileDescriptor[] BuiltInFiles =
    [
        UserReflection.Descriptor, FriendReflection.Descriptor, MessageTransmitReflection.Descriptor,
        MessageStorageReflection.Descriptor, FileReflection.Descriptor, SpeechRecognitionReflection.Descriptor,
    ];

    private readonly IReadOnlyList<FileDescriptor> _sets;
    private readonly IReadOnlyList<FileDescriptor> _files;
    private readonly Dictionary<string, ServiceDescriptor> _byName = new(StringComparer.Ordinal);
    private readonly ILookup<string, ServiceDescriptor> _byFullName;

    /// <param name="descriptorSets">Files made known by the operator, in addition to the built-in services.</param>
    public RpcCatalog(IEnumerable<FileDescriptor> descriptorSets)
    {
        ArgumentNullException.ThrowIfNull(descriptorSets);
        FileDescriptor[] sets = [.. descriptorSets];
        _sets = sets;
        _files = [.. sets, .. BuiltInFiles.SelectMany(file => file.Dependencies.Prepend(file)), NotifyReflection.Descriptor];
        foreach (var service in BuiltInFiles.SelectMany(file => file.Services))
        {
            _byName[service.Name] = service;
        }

        _byFullName = sets.SelectMany(file => file.Services).ToLookup(service => service.FullName, StringComparer.Ordinal);
    }

    /// <summary>Whether a method is one of the chat system's own, and not of a descriptor set.</summary>
    internal static bool IsBuiltIn(MethodDescriptor method) => BuiltInFiles.Contains(method.File);

    /// <summary>A request that a descriptor set numbers in another way than the built-in one of that name, in the package of an RPC; null where there is none.</summary>
    internal MessageDescriptor? FindRenumberedRequest(string rpc)
    {
        var package = rpc[..Math.Max(0, rpc.LastIndexOf('.'))];
        return RequestsOf(_byFullName.SelectMany(services => services).Where(service => service.File.Package == package))
            .FirstOrDefault(request => RequestsOf(_byName.Values).FirstOrDefault(own => own.Name == request.Name)?.Fields.InDeclarationOrder()
                .Any(field => request.FindFieldByName(field.Name) is { } same && same.FieldNumber != field.FieldNumber) == true);

        static IEnumerable<MessageDescriptor> RequestsOf(IEnumerable<ServiceDescriptor> services) => services.SelectMany(service => service.Methods).Select(method => method.InputType);
    }

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

        // A set may know some methods of a service, and this program others.
        ServiceDescriptor[] services =
        [
            .. _byFullName[serviceName],
            .. _byName.TryGetValue(serviceName[(serviceName.LastIndexOf('.') + 1)..], out var own) ? [own] : Array.Empty<ServiceDescriptor>(),
        ];
        if (services.Length == 0)
        {
            problem = $"is '{rpc}', but the service '{serviceName}' is unknown; "
                + $"known are {string.Join(", ", _byName.Keys.Concat(_byFullName.Select(service => service.Key)).Distinct().Order(StringComparer.Ordinal))}, "
                + "others are made known by Gateway:DescriptorSets";
            return false;
        }

        method = services.Select(service => service.FindMethodByName(methodName)).FirstOrDefault(found => found is not null);
        problem = method switch
        {
            null => $"is '{rpc}', but '{serviceName}' has no method '{methodName}'; "
                + $"it has {string.Join(", ", services.SelectMany(service => service.Methods).Select(m => m.Name).Distinct())}",
            { IsClientStreaming: true } or { IsServerStreaming: true } => $"is '{rpc}', a streaming method; only unary methods can be routed",
            _ => null,
        };
        return problem is null;
    }

    /// <summary>
    /// Finds a message by its name, with its package or without. Those of descriptor sets come before the built-in ones, which are found under any package.
    /// </summary>
    internal MessageDescriptor? FindMessage(string name)
    {
        var bare = name[(name.LastIndexOf('.') + 1)..];
        MessageDescriptor[] alike = [.. _files.SelectMany(file => file.MessageTypes).Where(message => message.Name == bare)];
        return alike.FirstOrDefault(message => message.FullName == name)
            ?? alike.FirstOrDefault(message => name == bare || !_sets.Contains(message.File));
    }
}
