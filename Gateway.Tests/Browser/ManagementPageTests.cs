using System.Collections.Concurrent;
using Gateway.Notify.Delivery;
using Gateway.Tests.Functional;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Gateway.Tests.Browser;

/// <summary>The page of the management port, as an operator uses it.</summary>
[TestFixture]
[Servers]
internal sealed class ManagementPageTests : RouteReloadTest
{
    private const string Token = "a-token-of-some-length";

    private readonly ConcurrentQueue<string> _complaints = new();
    private Chromium _chromium = null!;
    private IPage _page = null!;

    [OneTimeSetUp]
    public async Task LaunchAsync()
    {
        SetDefaultExpectTimeout(15_000);
        _chromium = await Chromium.StartAsync();
    }

    [OneTimeTearDown]
    public async Task QuitAsync() => await _chromium.DisposeAsync();

    [TearDown]
    public async Task LeaveAsync()
    {
        await _page.Context.CloseAsync();
        _complaints.Clear();
    }

    [Test]
    public async Task Token_IsAskedForAndKeptInThisTabAlone()
    {
        await OpenAsync();
        await Expect(_page.Locator("#status")).ToHaveTextAsync("Ready");
        await Expect(_page.Locator("#all")).ToBeHiddenAsync();

        await SignInAsync("not-the-token");
        await Expect(_page.Locator("#entry-text")).ToContainTextAsync("does not know this token");
        await SignInAsync(Token);
        await Expect(_page.Locator("#routes")).ToContainTextAsync("/login");
        await Expect(_page.Locator("#routes")).ToContainTextAsync("yarp.json");

        Assert.That(await _page.EvaluateAsync<string[]>("() => [localStorage.length + '', document.cookie]"), Is.EqualTo(new[] { "0", "" }));
        await Button("Forget token").ClickAsync();
        await Expect(_page.Locator("#all")).ToBeHiddenAsync();
        // The refusals without and with a wrong token are what the browser shows in red.
        Assert.That(_complaints, Has.All.Contains("401"));
    }

    [Test]
    public async Task Trouble_StandsAtTheTop_AndCanBeMended()
    {
        await OpenSignedInAsync();
        await Expect(_page.Locator("#fine")).ToBeVisibleAsync();

        await Button("Drain http://127.0.0.1", exact: false).First.ClickAsync();
        await Button("Drain", exact: true).ClickAsync();
        await Expect(_page.Locator("#troubles")).ToContainTextAsync("An operator has drained");
        await Button("Put back", exact: false).ClickAsync();
        await Expect(_page.Locator("#fine")).ToBeVisibleAsync();

        Folder.Write("{ nothing");
        await Button("Read the files again").ClickAsync();
        await Expect(_page.Locator("#status")).ToHaveTextAsync("Degraded");
        await Expect(_page.Locator("#troubles")).ToContainTextAsync("cannot be read: line 1, byte ");
        await Expect(_page.Locator("#mistakes")).ToContainTextAsync("cannot be read: line 1, byte ");
        Folder.Write(File());
        await Button("Read the files again").ClickAsync();
        await Expect(_page.Locator("#status")).ToHaveTextAsync("Ready");
        Assert.That(_complaints, Is.Empty);
    }

    [Test]
    public async Task UserOfAnId_IsFoundToldAndDisconnected_HostileNamesAreText()
    {
        const string hostile = "<img src=x onerror='window.hit=1'>";
        const string routes = $$""" "{{hostile}}": { "ClusterId": "user", "Match": { "Path": "/hostile" } }, """;
        Folder.Write(File(routes: routes));
        Settings["Gateway:Events:Test:notify_type"] = "FRIEND_REMOVE_NOTIFY";
        Settings["Gateway:Events:Test:friend_remove.user_id"] = "gateway-test-event";
        await OpenSignedInAsync();
        await Expect(_page.Locator("#routes")).ToContainTextAsync(hostile);
        Gateway.Sessions.Set("s-alice", "<b>alice</b>");
        await using var socket = await NotifyClient.JoinAsync(new Uri(Gateway.Urls[1].Replace("http:", "ws:", StringComparison.Ordinal) + "/ws"), "s-alice");
        // The page lists the sockets once, when it is asked to; and the client does not know when the hub has let it in.
        var hub = Gateway.Services.GetRequiredService<NotifyHub>();
        await Eventually.That(async () => (await hub.FindSocketsAsync("<b>alice</b>", CancellationToken.None)).Count == 1);

        await _page.GetByLabel("User id").FillAsync("<b>alice</b>");
        await _page.Keyboard.PressAsync("Enter");
        await Expect(_page.Locator("#found-text")).ToHaveTextAsync("<b>alice</b> has one socket open.");
        await Button("Send a test event").ClickAsync();
        Assert.That((await socket.ReceiveAsync()).FriendRemove.UserId, Is.EqualTo("gateway-test-event"));
        await Button("Close all").ClickAsync();
        await _page.Locator("#confirm").GetByRole(AriaRole.Button, new() { Name = "Close all" }).ClickAsync();
        Assert.That((await socket.ReceiveCloseAsync()).Code, Is.EqualTo(4440));

        Assert.That(await _page.EvaluateAsync<bool>("() => 'hit' in window || document.querySelector('main img, main b b') !== null"), Is.False);
        Assert.That(_complaints, Is.Empty);
    }

    [Test]
    public async Task SilentGateway_IsSeenAtOnce()
    {
        await OpenSignedInAsync();

        await Gateway.DisposeAsync();

        await Expect(_page.Locator("#status")).ToHaveTextAsync("No answer");
        await Expect(_page.Locator("#stale")).ToContainTextAsync("What you see is from ");
    }

    private ILocator Button(string name, bool exact = true) => _page.GetByRole(AriaRole.Button, new() { Name = name, Exact = exact });

    private async Task OpenSignedInAsync()
    {
        await OpenAsync();
        await SignInAsync(Token);
        await Expect(_page.Locator("#all")).ToBeVisibleAsync();
        _complaints.Clear();
    }

    private async Task OpenAsync()
    {
        Settings["Gateway:Management:Token"] = Token;
        await StartAsync();
        var context = await _chromium.Browser.NewContextAsync(new() { Locale = "en-US" });
        _page = await context.NewPageAsync();
        _page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                _complaints.Enqueue(message.Text);
            }
        };
        _page.PageError += (_, error) => _complaints.Enqueue(error);
        await _page.GotoAsync(Gateway.Management.ToString());
    }

    private async Task SignInAsync(string token)
    {
        await _page.GetByLabel("Management token").FillAsync(token);
        await _page.Keyboard.PressAsync("Enter");
    }
}
