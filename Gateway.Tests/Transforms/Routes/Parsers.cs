using Gateway.Transforms.Events;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Schema;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Transforms.Routes;

/// <summary>The readers of routes, with settings that are the defaults unless a test says so.</summary>
internal static class Parsers
{
    public static MessageFieldsParser Messages(MessageOptions? messages = null) => new(Options.Create(messages ?? new()));

    public static RuleParser Rules(EventOptions? events = null, UserDetailsOptions? users = null, MessageOptions? messages = null) =>
        new(Options.Create(events ?? new()), Options.Create(users ?? new()), Messages(messages));

    public static RpcRouteParser Routes(RpcCatalogs? catalogs = null, RuleParser? rules = null, RpcOptions? options = null, MessageOptions? messages = null, SessionSources? sources = null) =>
        new(catalogs ?? new(), Messages(messages), rules ?? Rules(messages: messages), sources ?? SessionSources.BodyAlone, Options.Create(options ?? new()));
}
