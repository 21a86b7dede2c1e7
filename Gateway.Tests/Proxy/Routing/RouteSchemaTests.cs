using System.Reflection;
using Gateway.Proxy.Canary;
using Gateway.Proxy.Hub;
using Gateway.Tests.Proxy.Hosting;
using Gateway.Transforms.Events;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Schema;
using NJsonSchema;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Tests.Proxy.Routing;

/// <summary>The schema that editors use: it takes what the gateway takes, and knows the names that the gateway knows.</summary>
[TestFixture]
internal sealed class RouteSchemaTests
{
    private static readonly object[][] Types =
    [
        ["route", typeof(RouteConfig)],
        ["match", typeof(RouteMatch)],
        ["header", typeof(RouteHeader)],
        ["queryParameter", typeof(RouteQueryParameter)],
        ["cluster", typeof(ClusterConfig)],
        ["destination", typeof(DestinationConfig)],
        ["sessionAffinity", typeof(SessionAffinityConfig)],
        ["cookie", typeof(SessionAffinityCookieConfig)],
        ["healthCheck", typeof(HealthCheckConfig)],
        ["passiveHealthCheck", typeof(PassiveHealthCheckConfig)],
        ["activeHealthCheck", typeof(ActiveHealthCheckConfig)],
        ["httpClient", typeof(HttpClientConfig)],
        ["webProxy", typeof(WebProxyConfig)],
        ["httpRequest", typeof(ForwarderRequestConfig)],
        ["canary", typeof(CanaryRule)],
    ];

    private const string Good = """
        {
          "ReverseProxy": {
            "Routes": {
              "login": { "ClusterId": "user", "Match": { "Path": "/login" }, "Transforms": [ { "Rpc": "bite_im.UserService/UserLogin" } ] }
            },
            "Clusters": { "user": { "Destinations": { "a": { "Address": "http://127.0.0.1:1" } } } }
          }
        }
        """;

    private static readonly string Shipped = Path.Combine(RepositoryFolder.Path, "yarp.json");

    private JsonSchema _schema = null!;

    [OneTimeSetUp]
    public async Task LoadAsync() => _schema = await JsonSchema.FromFileAsync(Path.Combine(RepositoryFolder.Path, "yarp.schema.json"));

    [Test]
    public void ShippedFile_IsValidAndNamesTheSchema()
    {
        var text = File.ReadAllText(Shipped);

        Assert.That(_schema.Validate(text), Is.Empty);
        Assert.That(text, Does.Contain("\"$schema\": \"./yarp.schema.json\""));
        Assert.That(File.Exists(Path.Combine(AppContext.BaseDirectory, "yarp.schema.json")), Is.True, "It does not travel with the build");
    }

    [Test]
    public void FilesOfOtherDeployments_AreValidAndNameTheSchema()
    {
        string[] files = Directory.GetFiles(Path.Combine(RepositoryFolder.Path, "Gateway.Tests", "Functional", "Family"), "yarp.json", SearchOption.AllDirectories);

        Assert.That(files, Is.Not.Empty);
        Assert.Multiple(() =>
        {
            foreach (var text in files.Select(File.ReadAllText))
            {
                Assert.That(_schema.Validate(text), Is.Empty, text);
                Assert.That(text, Does.Contain("\"$schema\": \"../../../../yarp.schema.json\""));
            }
        });
    }

    [TestCaseSource(nameof(Types))]
    public void Names_AreThoseOfYarp(string definition, Type type)
    {
        // The ids are the names of the sections.
        var names = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => property.Name)
            .Where(name => (definition, name) is not ("route", "RouteId") and not ("cluster", "ClusterId"))
            .Concat(definition == "route" ? [CanaryRule.Setting] : []);

        Assert.That(_schema.Definitions[definition].Properties.Keys, Is.EquivalentTo(names));
        Assert.That(_schema.Definitions[definition].AllowAdditionalProperties, Is.False);
    }

    [Test]
    public void RpcTransform_KnowsOurNames()
    {
        var properties = _schema.Definitions["rpcTransform"].Properties;

        Assert.That(properties.Keys, Is.EquivalentTo(TransformKeys.All));
        Assert.That(properties[TransformKeys.Session].Enumeration, Is.EquivalentTo(Enum.GetNames<SessionMode>()));
        Assert.That(_schema.Definitions["rule"].Properties.Keys, Is.EquivalentTo(RuleParser.RuleNames));
        Assert.That(_schema.Definitions["lookUp"].Properties.Keys, Is.EquivalentTo(RuleParser.LookUpNames));
        Assert.That(properties[TransformKeys.Envelope].ActualSchema.Properties.Keys, Is.EquivalentTo(MessageFieldsParser.EnvelopeNames));
        Assert.That(properties[TransformKeys.Reply].Properties.Keys, Is.EquivalentTo(RuleParser.ReplyNames));
    }

    [Test]
    public void Events_KnowsOurNames() => Assert.That(
        _schema.Properties["Gateway"].ActualSchema.Properties["Events"].Properties.Keys,
        Is.EquivalentTo(typeof(EventOptions).GetProperties().Select(property => property.Name)));

    [Test]
    public void Messages_KnowsOurNames() => Assert.That(
        _schema.Properties["Gateway"].ActualSchema.Properties["Messages"].Properties.Keys,
        Is.EquivalentTo(typeof(MessageOptions).GetProperties().Select(property => property.Name)));

    [Test]
    public void Hook_KnowsOurNames() => Assert.That(
        _schema.Properties["Gateway"].ActualSchema.Properties["Hook"].Properties.Keys,
        Is.EquivalentTo(typeof(HookOptions).GetProperties().Select(property => property.Name)));

    [Test]
    public void UserDetails_KnowsOurNames() => Assert.That(
        _schema.Properties["Gateway"].ActualSchema.Properties["UserDetails"].Properties.Keys,
        Is.EquivalentTo(typeof(UserDetailsOptions).GetProperties().Select(property => property.Name)));

    [TestCase("\"ReverseProxy\"", "\"Gateway\": { \"Etcd\": { \"Endpoints\": \"http://10.0.0.1:2379\" } }, \"ReverseProxy\"")]
    [TestCase("\"ClusterId\"", "\"Timeout\": \"00:00:05.5\", \"MaxRequestBodySize\": 1000, \"ClusterId\"")]
    [TestCase("{ \"Rpc\": \"bite_im.UserService/UserLogin\" }", "{ \"PathRemovePrefix\": \"/login\" }, { \"RequestHeader\": \"x-a\", \"Set\": \"1\" }")]
    [TestCase("\"Destinations\"", "\"Metadata\": { \"Protocol\": \"http\", \"own\": \"x\" }, \"Destinations\"")]
    [TestCase("\"ClusterId\"", "\"Metadata\": { \"Idempotent\": \"true\" }, \"ClusterId\"")]
    [TestCase("\"ClusterId\"", "\"Canary\": [ { \"ClusterId\": \"v2\", \"Percent\": 0.5 }, { \"ClusterId\": \"v2\", \"Header\": \"x-canary\", \"Values\": [ \"1\" ] } ], \"ClusterId\"")]
    public void GoodFile_IsTaken(string old, string changed) => Assert.That(_schema.Validate(Changed(old, changed)), Is.Empty);

    [TestCase("\"Match\"", "\"Matches\"")]
    [TestCase("\"ClusterId\"", "\"Canary\": [ { \"ClusterId\": \"v2\", \"Percent\": 101 } ], \"ClusterId\"")]
    [TestCase("\"ClusterId\"", "\"Canary\": [ { \"ClusterId\": \"v2\" } ], \"ClusterId\"")]
    [TestCase("\"ClusterId\"", "\"Canary\": [ { \"ClusterId\": \"v2\", \"Percent\": 1, \"Header\": \"a\", \"Values\": [ \"1\" ] } ], \"ClusterId\"")]
    [TestCase("\"ClusterId\"", "\"Timeout\": \"5 s\", \"ClusterId\"")]
    [TestCase("\"ClusterId\"", "\"MaxRequestBodySize\": 0, \"ClusterId\"")]
    [TestCase("\"Rpc\"", "\"Rcp\"")]
    [TestCase("UserService/UserLogin", "UserService.UserLogin")]
    [TestCase("\"Rpc\"", "\"Session\": \"Maybe\", \"Rpc\"")]
    [TestCase("\"Address\"", "\"Adress\"")]
    [TestCase("http://127.0.0.1:1", "127.0.0.1:1")]
    [TestCase("\"Destinations\"", "\"Metadata\": { \"Protocol\": \"soap\" }, \"Destinations\"")]
    [TestCase("\"ClusterId\"", "\"Metadata\": { \"Idempotent\": \"yes\" }, \"ClusterId\"")]
    [TestCase("\"Destinations\"", "\"Metadata\": { \"MaxRetries\": \"many\" }, \"Destinations\"")]
    public void Mistake_IsSeen(string old, string changed) => Assert.That(_schema.Validate(Changed(old, changed)), Is.Not.Empty);

    private static string Changed(string old, string changed)
    {
        var text = Good.Replace(old, changed, StringComparison.Ordinal);
        Assert.That(text, Is.Not.EqualTo(Good), "Nothing was changed");
        return text;
    }
}
