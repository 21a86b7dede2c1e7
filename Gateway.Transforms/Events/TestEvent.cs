using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Transforms.Schema;
using Gateway.Transforms.Wire;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Events;

/// <summary>The event that an operator sends to try a socket: <c>Gateway:Events:Test</c>.</summary>
public sealed class TestEvent
{
    private readonly IOptions<EventOptions> _options;
    private readonly TemplateParser _templates;
    private readonly RpcCatalogs _catalogs;

    internal TestEvent(IOptions<EventOptions> options, RpcCatalogs catalogs) => (_options, _templates, _catalogs) = (options, new TemplateParser(options), catalogs);

    /// <summary>What it is called, and its bytes; null where none is configured, or it has a mistake, which is told when the routes are loaded.</summary>
    /// <param name="catalogName">The messages there are.</param>
    public (string Type, byte[] Bytes)? Find(string catalogName) => Parse(catalogName, []);

    /// <param name="catalogName">The messages there are.</param>
    /// <param name="errors">Takes the mistakes.</param>
    internal (string Type, byte[] Bytes)? Parse(string catalogName, ICollection<string> errors)
    {
        const string At = $"{EventOptions.SectionName}:{nameof(EventOptions.Test)}";
        if (_options.Value.Test.Count == 0 || _templates.FindEvent(_catalogs.Of(catalogName), errors) is not { } pushed)
        {
            return null;
        }

        var before = errors.Count;
        var set = new JsonObject(_options.Value.Test.Select(field => KeyValuePair.Create(field.Key, (JsonNode?)JsonValue.Create(field.Value))));
        // Nobody calls, so there is nothing that could be taken from a call.
        var nothing = new MessageQuery(Empty.Descriptor);
        var scope = new RuleScope(nothing, nothing, null, hasCaller: false);
        var template = _templates.Parse(At, JsonElement.Parse(new JsonObject { ["Set"] = set }.ToJsonString()), pushed, scope, isEvent: true, out var type, errors);
        return errors.Count > before ? null : (type ?? "test", template.Make(new CallFacts("", [], null)));
    }
}
