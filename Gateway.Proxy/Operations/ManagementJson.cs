using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gateway.Proxy.Operations.Admin;
using Gateway.Proxy.Operations.Health;
using Gateway.Proxy.Operations.Statistics;

namespace Gateway.Proxy.Operations;

/// <summary>All that the management port reads and writes as JSON. Generated, because a native build has no reflection, and others start faster without.</summary>
[JsonSerializable(typeof(LivenessReport))]
[JsonSerializable(typeof(ReadinessReport))]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(IReadOnlyList<RouteReport>))]
[JsonSerializable(typeof(IReadOnlyList<ClusterDetails>))]
[JsonSerializable(typeof(IReadOnlyList<SettingReport>))]
[JsonSerializable(typeof(TrafficNow))]
[JsonSerializable(typeof(IReadOnlyList<TrafficPoint>))]
[JsonSerializable(typeof(SocketReport[]))]
[JsonSerializable(typeof(ReloadReport))]
[JsonSerializable(typeof(ValidationReport))]
[JsonSerializable(typeof(DrainReport))]
[JsonSerializable(typeof(PublishReport))]
[JsonSerializable(typeof(DisconnectRequest))]
[JsonSerializable(typeof(DisconnectReport))]
[JsonSerializable(typeof(ErrorReport))]
internal sealed partial class ManagementJson : JsonSerializerContext
{
    /// <summary>Quotes and letters of all scripts stay as they are, to be read in a terminal. The JSON is never put into a page as HTML.</summary>
    public static ManagementJson Readable { get; } = new(new JsonSerializerOptions(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
