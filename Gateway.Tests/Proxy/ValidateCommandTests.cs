using Gateway.Proxy;
using Gateway.Tests.Proxy.Hosting;
using Gateway.Tests.Support;

namespace Gateway.Tests.Proxy;

[TestFixture]
internal sealed class ValidateCommandTests
{
    private const string Routes = """
        {
          "ReverseProxy": {
            "Routes": {
              "login": {
                "ClusterId": "user",
                "Match": { "Path": "/login", "Methods": [ "POST" ] },
                "Transforms": [ { "Rpc": "bite_im.UserService/UserLogin" } ]
              }
            },
            "Clusters": { "user": { "Destinations": { "a": { "Address": "http://127.0.0.1:1" } } } }
          }
        }
        """;

    private const string SpeechHolds =
        "Note: Route 'speech-recognition' holds large requests before their sender is known: in 'SpeechRecognitionReq', 'speech_content' comes before the session id. "
        + "Nothing to do, unless the message is yours: then give its session id a lower number (event 1005 in docs/log-events.md).";

    private string _file = null!;

    [SetUp]
    public void SetUp() => _file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    [TearDown]
    public void TearDown() => File.Delete(_file);

    [Test]
    public void Run_ShippedFile_IsOk_AndSaysWhichRoutesHold() => Assert.That(
        Run(Path.Combine(RepositoryFolder.Path, "yarp.json")),
        Is.EqualTo((0, $"{SpeechHolds}{Environment.NewLine}ok{Environment.NewLine}", "")));

    [Test]
    public void Run_GoodFile_IsOk() => Assert.That(Validate(Routes), Is.EqualTo((0, new[] { "ok" })));

    [Test]
    public void Run_CommentsAndTrailingCommas_AreTaken() =>
        Assert.That(Validate("// routes\n" + Routes.Replace("\"POST\" ]", "\"POST\", ]", StringComparison.Ordinal)), Is.EqualTo((0, new[] { "ok" })));

    [Test]
    public void Run_TokensWithMistakes_AreToldOnce()
    {
        const string Section = """{ "Jwt": { "JwksUrl": "https://auth.example.com/keys", "MaxLength": 5 }, "Sessions": { "IdPunctuation": ".", "Sources": [ "Query:sid" ] } }""";

        Assert.That(Validate(Routes.Replace("\"ReverseProxy\"", $"\"Gateway\": {Section}, \"ReverseProxy\"", StringComparison.Ordinal)).Lines, Is.EquivalentTo(new[]
        {
            "Gateway:Jwt:MaxLength is 5; use 256 to 16384.",
            "Gateway:Sessions:IdPunctuation holds '.', which tells a token from a session id; take it out, or take no tokens.",
            "Gateway:Sessions:Sources has 'Query:sid'; use 'Body', 'Bearer', 'Header:' with the name of a header, or 'Cookie:' with the name of a cookie.",
        }));
    }

    [Test]
    public void Run_MisspeltRules_AreToldByTheirName() => Assert.That(
        Validate(Routes.Replace("\"Rpc\"", "\"Notifies\": [ { \"To\": \"caller\" } ], \"Rpc\"", StringComparison.Ordinal)),
        Is.EqualTo((1, new[] { "Route 'login': transform 'Rpc' has no setting 'Notifies'; it knows Session, SessionId, SessionSources, UserId, RequestId, Envelope, Ask, Succeeded, Notify, Reply." })));

    [Test]
    public void Run_SeveralMistakes_AreOneLineEach()
    {
        const string json = """
            {
              "ReverseProxy": {
                "Routes": {
                  "a": { "ClusterId": "none", "Match": { "Path": "/a", "Method": [ "POST" ] }, "Transforms": [ { "Rpc": "x" } ] },
                  "b": { "ClusterId": "user", "Match": { "Path": "/b" }, "Transforms": [ { "Rcp": "bite_im.UserService/UserLogin" } ] },
                  "c": { "ClusterId": "user", "Match": { "Path": "/b" } }
                },
                "Clusters": { "user": { "Destinations": { "d": { "Address": "10.0.0.1:9000" } }, "LoadBalancingPolicy": "Fair" } }
              },
              "Gateway": { "UserDetails": { "ClusterId": "nobody", "Rpc": "bite_im.UserService/GetUserInfo" } }
            }
            """;

        var (code, lines) = Validate(json);

        Assert.That(code, Is.EqualTo(1));
        Assert.That(lines, Is.EqualTo(new[]
        {
            "Route 'a': Match has no setting 'Method'; did you mean 'Methods'? It knows Headers, Hosts, Methods, Path, QueryParameters.",
            "Cluster 'user': destination 'd' has the address '10.0.0.1:9000'; use 'http://host:port', 'https://host:port', 'etcd:///service/name', 'k8s://service.namespace:port', 'dns://name:port' or 'dns+srv://name'.",
            "No matching ILoadBalancingPolicy found for the load balancing policy 'Fair' set on the cluster 'user'.",
            "Route 'a': ClusterId is 'none', which is no cluster; use one of 'user'.",
            "Route 'a': transform 'Rpc' is 'x'; write it as 'package.Service/Method'.",
            "Route 'b': the transform 'Rcp' is unknown; use 'Rpc' or one of YARP's.",
            "Routes 'b' and 'c' both match '/b'; change one path, or give them different 'Order'.",
            "Gateway:UserDetails:ClusterId is 'nobody', which is no cluster; name the cluster of the user service, or leave out the whole section.",
        }));
    }

    [TestCase("{}")]
    [TestCase("""{ "ReverseProxi": { "Routes": {} } }""")]
    public void Run_NoRoutes_IsRefused(string json) => Assert.That(Validate(json), Is.EqualTo((1, new[]
    {
        "Section 'ReverseProxy' has no routes; list them under 'ReverseProxy:Routes'.",
    })));

    [Test]
    public void Run_ValuesOfTheWrongType_AreNamedWithTheOtherMistakes()
    {
        var (code, lines) = Validate(Routes
            .Replace("\"ReverseProxy\"", "\"Gateway\": { \"Rpc\": { \"DefaultTimeout\": \"soon\" }, \"Errors\": { \"DefaultLanguage\": \"fr\" } }, \"ReverseProxy\"", StringComparison.Ordinal)
            .Replace("\"ClusterId\": \"user\"", "\"Order\": \"first\", \"Timeout\": \"five\", \"ClusterId\": \"usr\"", StringComparison.Ordinal));

        Assert.That(code, Is.EqualTo(1));
        Assert.That(lines, Is.EqualTo(new[]
        {
            $"Gateway:Rpc:DefaultTimeout is 'soon' ({_file}); use a time written as hours:minutes:seconds, as '00:00:05', or '1.00:00:00' for a day.",
            "Gateway:Errors:DefaultLanguage is 'fr'; use 'en' or 'zh-CN'.",
            $"Route 'login': Order is 'first' ({_file}); use a whole number, at most 2147483647.",
            $"Route 'login': Timeout is 'five' ({_file}); use a time written as hours:minutes:seconds, as '00:00:05', or '1.00:00:00' for a day.",
            "Route 'login': ClusterId is 'usr', which is no cluster; use one of 'user'.",
        }));
    }

    [Test]
    public void Run_UnreadableMatchAndOrder_AreNotJudgedAsAnother()
    {
        var (code, lines) = Validate("""
            {
              "ReverseProxy": {
                "Routes": {
                  "a": { "ClusterId": "user", "Match": { "Path": "/a" } },
                  "b": { "ClusterId": "user", "Match": { "Path": "/a" }, "Order": "1st" },
                  "c": { "ClusterId": "user", "Match": { "Path": "/a", "Headers": [ { "Name": "x", "Mode": "Exist" } ] } }
                },
                "Clusters": { "user": { "Destinations": { "a": { "Address": "http://127.0.0.1:1" } } } }
              }
            }
            """);

        Assert.That(code, Is.EqualTo(1));
        Assert.That(lines, Is.EqualTo(new[]
        {
            $"Route 'b': Order is '1st' ({_file}); use a whole number, at most 2147483647.",
            $"Route 'c': Match:Headers:0:Mode is 'Exist' ({_file}); use 'ExactHeader', 'HeaderPrefix', 'Contains', 'NotContains', 'Exists' or 'NotExists'.",
        }));
    }

    [Test]
    public void Run_SeveralFiles_EachMistakeNamesItsOwn()
    {
        using var folder = new RouteFolder();
        folder.Write(Routes.Replace("\"ClusterId\"", "\"Timeuot\": \"x\", \"ClusterId\"", StringComparison.Ordinal));
        folder.Write(
            """
            {
              "ReverseProxy": {
                "Routes": { "s": { "ClusterId": "user", "Match": { "Path": "/s" }, "Metadata": { "Idempotent": "perhaps" }, "Transforms": [ { "RequestHeadersCopy": "x" } ] } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "http://127.0.0.1:1" } }, "Metadata": { "MaxConcurrentRequests": "few" } } }
              }
            }
            """, "routes.d", "s.json");

        var (code, output, _) = Run(folder.File);

        Assert.That(code, Is.EqualTo(1));
        var lines = output.TrimEnd().Split(Environment.NewLine);
        var other = folder.PathOf("routes.d", "s.json");
        Assert.That(lines, Has.Length.EqualTo(4), output);
        Assert.That(lines[0], Does.StartWith("Route 'login' has no setting 'Timeuot'; ").And.EndsWith($" ({folder.File})."));
        Assert.That(lines[1], Is.EqualTo($"Cluster 'c': metadata 'MaxConcurrentRequests' is 'few'; use a number from 1 on, or leave it out ({other})."));
        Assert.That(lines[2], Is.EqualTo($"Route 's': metadata 'Idempotent' is 'perhaps'; use 'true' or 'false' ({other})."));
        Assert.That(lines[3], Does.StartWith("Route 's': ").And.Contain("RequestHeaderCopy").And.EndsWith($" ({other})."));
    }

    [Test]
    public void Run_DefaultsOfRpcWrong_IsRefused() => Assert.That(
        Validate(Routes.Replace("\"ReverseProxy\"", """
            "Gateway": { "Rpc": { "DefaultTimeout": "00:00:00" } }, "ReverseProxy"
            """, StringComparison.Ordinal)),
        Is.EqualTo((1, new[] { "Gateway:Rpc:DefaultTimeout is '00:00:00'; use '00:00:00.0100000' to '01:00:00'." })));

    [Test]
    public void Run_OtherSectionsAndRoutesWrong_NamesAll()
    {
        var (code, lines) = Validate(Routes.Replace("\"ReverseProxy\"", """
            "Gateway": { "Errors": { "DefaultLanguage": "fr" }, "Listen": { "HttpPort": 70000 } }, "ReverseProxy"
            """, StringComparison.Ordinal).Replace("UserLogin", "UserLogn", StringComparison.Ordinal));

        Assert.That(code, Is.EqualTo(1));
        Assert.That(lines, Has.Length.EqualTo(3));
        Assert.That(lines, Has.Some.EqualTo("Gateway:Errors:DefaultLanguage is 'fr'; use 'en' or 'zh-CN'."));
        Assert.That(lines, Has.Some.EqualTo("Gateway:Listen:HttpPort is 70000; use 1 to 65535, or 0 for any free port."));
        Assert.That(lines, Has.Some.StartsWith("Route 'login': transform 'Rpc' is 'bite_im.UserService/UserLogn', but "));
    }

    [Test]
    public void Run_DescriptorSetMissing_IsRefused()
    {
        var (code, lines) = Validate(Routes.Replace("\"ReverseProxy\"", """
            "Gateway": { "DescriptorSets": [ "/nowhere/shop.pb" ] }, "ReverseProxy"
            """, StringComparison.Ordinal));

        Assert.That(code, Is.EqualTo(1));
        Assert.That(lines, Has.Length.EqualTo(1));
        Assert.That(lines[0], Does.StartWith("Gateway:DescriptorSets: the file '/nowhere/shop.pb' cannot be opened ("));
    }

    [Test]
    public void Run_FileMissing_IsRefused() => Assert.That(Run(_file), Is.EqualTo((
        1, $"The routes file '{_file}' does not exist; put one there, or name another with Gateway:RoutesFile.{Environment.NewLine}", "")));

    [TestCase("{\n  \"a\": 1\n  \"b\": 2\n}", "line 3, byte 3: ")]
    [TestCase("{\n  \"a\": ", "line 2, byte 8: ")]
    [TestCase("{\n  \"a\": [ {} ]\n", "line 3, byte 1: a '}' or ']' is missing at the end.")]
    [TestCase("{\n  \"a\": [ {}", "line 2, byte 12: a '}' or ']' is missing at the end.")]
    [TestCase("", "line 1, byte 1: the file is empty.")]
    [TestCase(" \n", "line 2, byte 1: the file is empty.")]
    public void Run_NoJson_NamesTheLine(string json, string place)
    {
        var (code, lines) = Validate(json);

        Assert.That(code, Is.EqualTo(1));
        Assert.That(lines, Has.Length.EqualTo(1));
        Assert.That(lines[0], Does.StartWith($"The routes file '{_file}' cannot be read: {place}").And.Not.Contain("LineNumber"));
    }

    [Test]
    public void Run_KeyTwice_IsRefused()
    {
        var (code, lines) = Validate("""{ "a": 1, "A": 2 }""");

        Assert.That((code, lines), Is.EqualTo((1, new[] { $"The routes file '{_file}' cannot be read: A duplicate key 'A' was found." })));
    }

    [Test]
    public void Run_WrongArguments_TellsTheUsage()
    {
        const int usage = 2;

        Assert.That(Run(), Is.EqualTo((usage, "", $"Usage: Gateway.Proxy validate FILE{Environment.NewLine}")));
        Assert.That(Run("a", "b"), Is.EqualTo((usage, "", $"Usage: Gateway.Proxy validate FILE{Environment.NewLine}")));
    }

    [TestCase("--help")]
    [TestCase("-h")]
    [TestCase("--help", "yarp.json")]
    public void Run_Help_IsTheUsage(params string[] args) =>
        Assert.That(Run(args), Is.EqualTo((0, $"Usage: Gateway.Proxy validate FILE{Environment.NewLine}", "")));

    private (int Code, string[] Lines) Validate(string json)
    {
        File.WriteAllText(_file, json);
        var (code, output, error) = Run(_file);
        Assert.That(error, Is.Empty);
        return (code, output.TrimEnd().Split(Environment.NewLine));
    }

    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        return (ValidateCommand.Run(args, output, error), output.ToString(), error.ToString());
    }
}
