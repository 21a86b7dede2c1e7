using Gateway.Transforms.Rpc;

namespace Gateway.Transforms.Events;

/// <summary>The event that an operator sends to try a socket: <c>Gateway:Events:Test</c>.</summary>
public sealed class TestEvent
{
    private readonly RuleParser _rules;
    private readonly RpcCatalogs _catalogs;

    internal TestEvent(RuleParser rules, RpcCatalogs catalogs) => (_rules, _catalogs) = (rules, catalogs);

    /// <summary>What it is called, and its bytes; null where none is configured, or it has a mistake, which is told when the routes are loaded.</summary>
    /// <param name="catalogName">The messages there are.</param>
    public (string Type, byte[] Bytes)? Find(string catalogName) => _rules.ParseTest(_catalogs.Of(catalogName), []);
}
