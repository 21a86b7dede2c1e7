using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using ChatDemo.Hosting;
using ChatDemo.Smoke;
using ChatDemo.Storage;
using Gateway.Tests.Browser;
using Gateway.Tests.Support;

namespace Gateway.Tests.Demo;

/// <summary>What the demo makes of ports and folders that somebody else has.</summary>
[TestFixture]
internal sealed class DemoStartTests
{
    private DirectoryInfo _folder = null!;
    private TcpListener _other = null!;

    private int TakenPort => ((IPEndPoint)_other.LocalEndpoint).Port;

    [SetUp]
    public void SetUp()
    {
        _folder = Directory.CreateTempSubdirectory("gateway-demo-");
        _other = new TcpListener(IPAddress.Loopback, LoopbackPort.Free());
        _other.Start();
    }

    [TearDown]
    public void TearDown()
    {
        _other.Dispose();
        _folder.Delete(recursive: true);
    }

    [Test]
    public async Task Start_UsualManagementPortTaken_TakesAFreeOne()
    {
        // The port above both is that of the other program.
        var options = new DemoOptions { HttpPort = TakenPort - 1, WebSocketPort = TakenPort - 1, Smoke = true };
        await using var demo = await StartAsync(options);
        using var client = new HttpClient();

        Assert.That(demo.ManagementAddress.Port, Is.Not.EqualTo(TakenPort));
        Assert.That(await client.GetStringAsync(new Uri(demo.ManagementAddress, "/readyz")).DefaultTimeout(), Does.Contain("ready").IgnoreCase);
    }

    [Test]
    public async Task Start_PageAskedForOnTheUsualManagementPort_LeavesItToThePage()
    {
        var port = LoopbackPort.Free();
        var options = new DemoOptions { HttpPort = port, WebSocketPort = port, PagePort = port + 1 };
        await using var demo = await StartAsync(options);

        Assert.That(demo.PageAddress.Port, Is.EqualTo(port + 1));
        Assert.That(demo.ManagementAddress.Port, Is.Not.EqualTo(port + 1));
    }

    [TestCase("--http-port")]
    [TestCase("--ws-port")]
    [TestCase("--page-port")]
    [TestCase("--management-port")]
    public void Start_PortTaken_NamesItsOption(string option)
    {
        var free = BrowserFixture.OnFreePorts() with { PagePort = 0 };
        var options = option switch
        {
            "--http-port" => free with { HttpPort = TakenPort },
            "--ws-port" => free with { WebSocketPort = TakenPort },
            "--page-port" => free with { PagePort = TakenPort },
            _ => free with { ManagementPort = TakenPort },
        };

        Assert.That(() => StartAsync(options), Throws.TypeOf<StartException>().With.Message.EqualTo(
            $"Port {TakenPort} cannot be had: Address already in use. Stop the program that has it, or use another port: {option}."));
    }

    [Test]
    public async Task Start_FolderOfAnotherDemo_IsRefused()
    {
        await using (await StartAsync(BrowserFixture.OnFreePorts() with { Smoke = true }))
        {
            Assert.That(() => StartAsync(BrowserFixture.OnFreePorts() with { Smoke = true }), Throws.TypeOf<StartException>().With.Message.EqualTo(
                $"Another demo runs on the folder {_folder.FullName}. Stop that one, or give this one a folder of its own: --data."));
        }

        // Once the first has ended, the folder is there for the next.
        await using var next = await StartAsync(BrowserFixture.OnFreePorts() with { Smoke = true });
    }

    [Test]
    public void Start_FolderThatCannotBeMade_IsRefusedInASentence()
    {
        var file = Path.Combine(_folder.FullName, "file");
        File.WriteAllText(file, "");

        Assert.That(() => new DataFolder(Path.Combine(file, "data")), Throws.TypeOf<StartException>().With.Message.Match(
            $"^The folder {file}/data cannot be made: .* Name another one: --data.$"));
    }

    [Test]
    [Platform("Linux")]
    public void Start_FolderWhereNoneCanBeMade_IsRefusedWithThatReason() => Assert.That(
        () => new DataFolder("/proc/nope"),
        Throws.TypeOf<StartException>().With.Message.EqualTo("The folder /proc/nope cannot be made: no folders can be made there. Name another one: --data."));

    [Test]
    public async Task Management_WithTheTokenOfTheWelcome_MayChangeThings()
    {
        var folder = new DataFolder(_folder.FullName);
        await using var demo = await DemoHost.StartAsync(BrowserFixture.OnFreePorts() with { PagePort = 0 }, folder).DefaultTimeout();
        using var client = new HttpClient { BaseAddress = demo.ManagementAddress };
        client.DefaultRequestHeaders.Authorization = new("Bearer", Regex.Match(demo.Welcome(folder), "Management .* the token ([0-9A-F]{32})\n").Groups[1].Value);

        using var answer = await client.PostAsync("/admin/reload", null).DefaultTimeout();

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Push_AsJson_IsAtThePortOfTheWelcome_WithItsToken()
    {
        var folder = new DataFolder(_folder.FullName);
        await using var demo = await DemoHost.StartAsync(BrowserFixture.OnFreePorts() with { PagePort = 0 }, folder).DefaultTimeout();
        var said = Regex.Match(demo.Welcome(folder), "(http://[0-9.:]+/v1/)… for JSON.* the token ([0-9A-F]{32}) ");
        using var client = new HttpClient { BaseAddress = new Uri(said.Groups[1].Value) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", said.Groups[2].Value);

        using var answer = await client.PostAsync("find-online", new StringContent("""{ "userIds": ["alice"] }""")).DefaultTimeout();

        Assert.That(await answer.Content.ReadAsStringAsync(), Is.EqualTo("""{ "users": [ ] }"""));
    }

    [Test]
    public async Task Listen_SessionThatIsNone_SaysThatNobodyIsLoggedIn()
    {
        var options = BrowserFixture.OnFreePorts() with { Smoke = true };
        await using var demo = await StartAsync(options);
        using var error = new StringWriter();

        var code = await Listener.ListenAsync(options with { Listen = "nope" }, error).DefaultTimeout();

        Assert.That((code, error.ToString()), Is.EqualTo((
            1, $"Connected; waiting for an event.{Environment.NewLine}This session is not logged in; log in, and take the login_session_id of the answer.{Environment.NewLine}")));
    }

    [Test]
    public async Task Start_AgainOnItsFolder_KnowsWhoIsLoggedIn()
    {
        var options = BrowserFixture.OnFreePorts() with { Smoke = true };
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{options.HttpPort}") };
        var client = new SmokeClient(http);
        string session;
        await using (await StartAsync(options))
        {
            await client.CallAsync(Api.UsernameRegister, new() { Nickname = "Alice", Password = "secret" });
            session = (await client.CallAsync(Api.UsernameLogin, new() { Nickname = "Alice", Password = "secret" })).LoginSessionId;
        }

        await using var demo = await StartAsync(options);

        Assert.That((await client.CallAsync(Api.GetUserInfo, new() { SessionId = session })).UserInfo.Nickname, Is.EqualTo("Alice"));
    }

    [Test]
    public async Task Welcome_Started_NamesAllAddresses()
    {
        var options = BrowserFixture.OnFreePorts() with { PagePort = 0 };
        var folder = new DataFolder(_folder.FullName);
        await using var demo = await DemoHost.StartAsync(options, folder).DefaultTimeout();

        var text = demo.Welcome(folder);

        Assert.That(text, Does.StartWith($"Open {demo.PageAddress} in a browser"));
        Assert.That(text, Does.Contain($"Management  http://127.0.0.1:{options.ManagementPort}/,"));
        Assert.That(text, Does.Contain($"Gateway     http://127.0.0.1:{options.HttpPort}/\n"));
        Assert.That(text, Does.Contain($"WebSocket   ws://127.0.0.1:{options.WebSocketPort}/ws\n"));
        Assert.That(text, Does.Contain($"Data        {_folder.FullName}\n"));
    }

    private Task<DemoHost> StartAsync(DemoOptions options) =>
        DemoHost.StartAsync(options, new DataFolder(_folder.FullName)).DefaultTimeout();
}
