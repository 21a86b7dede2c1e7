using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Proxy.Discovery.Kubernetes;

/// <summary>What the gateway reads of the API's answers. All of it may be missing, also the entries of lists.</summary>
internal sealed record EndpointSliceList(ObjectMeta? Metadata, IReadOnlyList<EndpointSlice?>? Items);

/// <param name="Type"><c>ADDED</c>, <c>MODIFIED</c>, <c>DELETED</c>, <c>BOOKMARK</c> or <c>ERROR</c>.</param>
/// <param name="Object">A slice, or a <see cref="ApiStatus"/> of an error.</param>
internal sealed record WatchEvent(string? Type, JsonElement Object);

/// <summary>Why the API server does not do what it was asked for.</summary>
internal sealed record ApiStatus(int? Code, string? Reason, string? Message);

internal sealed record ObjectMeta(string? Name, string? ResourceVersion);

internal sealed record EndpointSlice(ObjectMeta? Metadata, string? AddressType, IReadOnlyList<Endpoint?>? Endpoints, IReadOnlyList<EndpointPort?>? Ports);

internal sealed record Endpoint(IReadOnlyList<string?>? Addresses, EndpointConditions? Conditions, ObjectReference? TargetRef, string? Zone);

internal sealed record EndpointConditions(bool? Ready, bool? Serving, bool? Terminating);

internal sealed record ObjectReference(string? Name, string? Uid);

internal sealed record EndpointPort(string? Name, string? Protocol, int? Port);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(EndpointSliceList))]
[JsonSerializable(typeof(WatchEvent))]
[JsonSerializable(typeof(ApiStatus))]
internal sealed partial class KubernetesJson : JsonSerializerContext;
