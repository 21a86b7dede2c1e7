using System.Text.RegularExpressions;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Notify.Client;

/// <summary>The packed client, installed into an empty project, and the quick start of its README with it.</summary>
[TestFixture]
[Servers]
internal sealed partial class PackageTests
{
    private static readonly string Packages = Path.Combine(ClientBuild.Folder, "node_modules");

    private string _project = "";
    private StubSubService _service = null!;
    private HubFixture _hub = null!;
    private TcpRelay _network = null!;
    private string _login = "s-alice";

    [SetUp]
    public async Task StartAsync()
    {
        _project = Directory.CreateTempSubdirectory("gateway-client-").FullName;
        _service = await StubSubService.StartAsync();
        _service.OnCall = (context, call) => StubSubService.AnswerAsync(context, Answer(call.Path).ToByteArray());
        _hub = await HubFixture.StartAsync(
            new() { ["Gateway:Notify:SessionCheckInterval"] = "00:00:01" }, subService: _service.Address);
        _hub.Sessions.Set("s-alice-fresh", "alice");
        _network = new TcpRelay(_hub.WebSocketPort.Port);
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _network.DisposeAsync();
        await _hub.DisposeAsync();
        await _service.DisposeAsync();
        Directory.Delete(_project, recursive: true);
    }

    [Test]
    public async Task Package_InAnEmptyProject_DoesWhatItsReadmeSays()
    {
        await InstallAsync();
        await WriteQuickStartAsync();
        await ClientBuild.RunAsync(
            _project, Path.Combine(Packages, ".bin/tsc"), "--target", "es2022", "--module", "nodenext", "--types", "node", "--skipLibCheck", "chat.ts");
        using var chat = ClientBuild.Start(_project, "node", "chat.js");
        await SaysAsync(chat, "logging in: start", "loading: Alice");

        await HappensAsync();
        await SaysAsync(chat, "event: FRIEND_REMOVE_NOTIFY");

        _network.Cut();
        await SaysAsync(chat, "reconnecting");
        await HappensAsync();
        _network.Restore();
        await SaysAsync(chat, "resumed: 1", "event: FRIEND_REMOVE_NOTIFY");

        _login = "s-alice-fresh";
        _hub.Sessions.Remove("s-alice");
        await SaysAsync(chat, "logging in: ended");
        await HappensAsync();
        await SaysAsync(chat, "event: FRIEND_REMOVE_NOTIFY");
    }

    [Test]
    public void Readme_HasARowForEveryOption()
    {
        foreach (var (file, name) in new[] { ("client.ts", "GatewayClientOptions"), ("socket.ts", "NotifySocketOptions") })
        {
            var source = File.ReadAllText(Path.Combine(ClientBuild.Folder, "src", file));
            var body = source[source.IndexOf($"export interface {name}", StringComparison.Ordinal)..];
            var options = Option().Matches(body[..body.IndexOf("\n}", StringComparison.Ordinal)]).Select(option => option.Groups["name"].Value).ToList();
            Assert.That(options, Has.Count.GreaterThan(5));
            Assert.That(Readme(), Does.Contain($"`new {name.Replace("Options", "", StringComparison.Ordinal)}(options)`"));
            Assert.That(options.Where(option => !Readme().Contains($"\n| `{option}` |", StringComparison.Ordinal)), Is.Empty);
        }
    }

    /// <summary>Without the registry: the package needs nothing, and what the quick start needs besides has been installed for the client's own tests.</summary>
    private async Task InstallAsync()
    {
        await ClientBuild.RunAsync(ClientBuild.Folder, "npm", "pack", "--silent", "--pack-destination", _project);
        await File.WriteAllTextAsync(Path.Combine(_project, "package.json"), """{ "private": true, "type": "module" }""");
        var others = new[] { "@bufbuild/protobuf", "ws", "@types/ws", "@types/node" }.Select(name => Path.Combine(Packages, name));
        var tarball = Directory.EnumerateFiles(_project, "*.tgz").Single();
        await ClientBuild.RunAsync(_project, ["npm", "install", "--offline", "--no-audit", "--no-fund", "--silent", tarball, .. others]);
    }

    private async Task WriteQuickStartAsync()
    {
        await ClientBuild.BuiltAsync();
        var messages = Directory.CreateDirectory(Path.Combine(_project, "gen")).FullName;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(ClientBuild.Folder, "test/messages")))
        {
            File.Copy(file, Path.Combine(messages, Path.GetFileName(file)));
        }

        var program = Program().Match(Readme()).Groups["text"].Value;
        foreach (var (written, real) in new[]
        {
            ("http://127.0.0.1:9000", _hub.Gateway.Address.ToString().TrimEnd('/')),
            ("ws://127.0.0.1:9001/ws", HubFixture.WebSocketUri(_network.Endpoint, "/ws").ToString()),
        })
        {
            Assert.That(program, Does.Contain(written));
            program = program.Replace(written, real, StringComparison.Ordinal);
        }

        await File.WriteAllTextAsync(Path.Combine(_project, "chat.ts"), program);
    }

    private IMessage Answer(string path) => path.EndsWith("/UserLogin", StringComparison.Ordinal)
        ? new UserLoginRsp { Success = true, LoginSessionId = _login }
        : new GetUserInfoRsp { Success = true, UserInfo = new UserInfo { UserId = "alice", Nickname = "Alice" } };

    private Task HappensAsync() => _hub.PublishAsync(["alice"], HubFixture.Removed("bob"));

    /// <summary>The program's last lines become these, whatever attempts in vain add before.</summary>
    private static Task SaysAsync(ChildProcess program, params string[] lines) => Eventually.That(
        () => program.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(lines.Length).SequenceEqual(lines),
        $"The program is to say: {string.Join(", ", lines)}");

    private static string Readme() => File.ReadAllText(Path.Combine(ClientBuild.Folder, "README.md"));

    /// <summary>The first piece of TypeScript.</summary>
    [GeneratedRegex("```ts\n(?<text>.+?)```", RegexOptions.Singleline)]
    private static partial Regex Program();

    [GeneratedRegex(@"^  (?<name>\w+)\??[:(]", RegexOptions.Multiline)]
    private static partial Regex Option();
}
