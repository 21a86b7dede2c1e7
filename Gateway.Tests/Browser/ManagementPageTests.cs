using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Gateway.Notify.Delivery;
using Gateway.Proxy.Destinations;
using Gateway.Proxy.Operations.Statistics;
using Gateway.Tests.Functional;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Microsoft.Playwright;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Model;
using static Microsoft.Playwright.Assertions;

namespace Gateway.Tests.Browser;

/// <summary>The page of the management port, as an operator uses it.</summary>
[TestFixture]
[Servers]
internal sealed partial class ManagementPageTests : RouteReloadTest
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
        await Expect(_page.Locator("#entry-text")).ToHaveTextAsync("Everything is shown to whoever has the management token.");
        await Expect(_page.Locator("#all")).ToBeHiddenAsync();

        await SignInAsync("not-the-token");
        await Expect(_page.Locator("#entry-text")).ToContainTextAsync("does not know this token");
        await Expect(_page.Locator("#status")).ToHaveTextAsync("Gateway");
        await Expect(_page.Locator(".light")).ToBeHiddenAsync();
        await Expect(_page.Locator("#fine")).ToBeHiddenAsync();
        await Axe.FindsNothingAsync(_page, "management-entry");
        await SignInAsync(Token);
        await Expect(_page.Locator("#status")).ToHaveTextAsync("Ready");
        await Expect(_page.Locator("#fine")).ToBeVisibleAsync();
        await Expect(_page.Locator("#routes")).ToContainTextAsync("/login");
        await Expect(_page.Locator("#routes")).ToContainTextAsync("yarp.json");

        Assert.That(await _page.EvaluateAsync<string[]>("() => [localStorage.length + '', document.cookie]"), Is.EqualTo(new[] { "0", "" }));
        await Button("Forget token").ClickAsync();
        await Expect(_page.Locator("#all")).ToBeHiddenAsync();
        await Expect(_page.Locator("#read-only")).ToBeHiddenAsync();
        // The refusals without and with a wrong token are what the browser shows in red.
        Assert.That(_complaints, Has.All.Contains("401"));
    }

    [Test]
    public async Task ReadOnly_IsSaidAtTheTop([Values(390, 1280)] int width)
    {
        await OpenAsync(hasToken: false);
        await _page.SetViewportSizeAsync(width, 800);

        await Expect(_page.Locator("#read-only")).ToBeInViewportAsync();
        await Expect(_page.Locator("#clusters .state").First).ToBeVisibleAsync();
        await Expect(Button("Drain", exact: false)).ToHaveCountAsync(0);
        Assert.That(await _page.EvaluateAsync<int>("() => document.documentElement.scrollWidth"), Is.EqualTo(width));
        await Axe.ShowAsync(_page, $"management-read-only-{width}");
    }

    [Test]
    public async Task Trouble_StandsAtTheTop_AndCanBeMended()
    {
        await OpenSignedInAsync();
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
    public async Task Mistakes_Three_AreAllShown_AndOfMoreHowManyThereAre()
    {
        await OpenSignedInAsync();
        Folder.Write(File(routes: Misspelt(3)));
        await Button("Read the files again").ClickAsync();
        await Expect(_page.Locator("#troubles")).ToContainTextAsync("'r2' has no setting 'Tiem'");
        await Expect(_page.Locator("#troubles")).Not.ToContainTextAsync("more mistake");

        Folder.Write(File(routes: Misspelt(4)));
        await Button("Read the files again").ClickAsync();
        await Expect(_page.Locator("#troubles")).ToContainTextAsync("And 2 more mistakes.");

        static string Misspelt(int count) => string.Concat(Enumerable.Range(0, count).Select(i =>
            $$""" "r{{i}}": { "ClusterId": "user", "Tiem": "1", "Match": { "Path": "/r{{i}}" } }, """));
    }

    [Test]
    public async Task Destination_DrainedAsTheLastOne_IsWarnedOfAndAnOutage()
    {
        Settings["ReverseProxy:Clusters:user:Destinations:second:Address"] = "http://127.0.0.1:2";
        await OpenSignedInAsync();

        await Button("Drain http://127.0.0.1:2 of user").ClickAsync();
        await Expect(_page.Locator("#confirm-text")).ToHaveTextAsync(
            "Drain http://127.0.0.1:2? It gets no new calls of user from this gateway; those under way end as they would.");
        await Button("Drain").ClickAsync();
        await Expect(_page.Locator("#status")).ToHaveTextAsync("Degraded");
        await Expect(_page.Locator("#troubles")).ToHaveTextAsync("WarningCluster 'user' has 1 of 2 destinations available (1 drained); they get its calls");

        await Button($"Drain {Service.Address} of user").ClickAsync();
        await Expect(_page.Locator("#confirm-text")).ToContainTextAsync("It is the last one in use: calls of user will be refused until it is put back.");
        await Button("Drain").ClickAsync();
        await Expect(_page.Locator("#status")).ToHaveTextAsync("Outage");
        await Expect(_page.Locator("#status")).ToHaveCSSAsync("color", "rgb(179, 38, 30)");
        await Expect(_page.Locator("#troubles")).ToHaveTextAsync("OutageCluster 'user' has no available destination (2 drained): all its calls fail");
        await Expect(User.Locator(".turn")).ToHaveTextAsync("user0 of 2 available, 2 drained");

        await Button($"Put back {Service.Address} of user").ClickAsync();
        await Button("Put back http://127.0.0.1:2 of user").ClickAsync();
        await Expect(_page.Locator("#fine")).ToBeVisibleAsync();
        await Expect(_page.Locator("#status")).ToHaveTextAsync("Ready");
    }

    [Test]
    public async Task Destination_Killed_IsNeverGreen()
    {
        await OpenSignedInAsync();
        await Expect(User.Locator(".state")).ToHaveTextAsync("available");

        await Service.DisposeAsync();
        Assert.That(await ErrorCodeAsync(LoginPath), Is.EqualTo("no-instance"));

        await Expect(User.Locator(".state")).ToHaveTextAsync("unreachable");
        await Expect(User.Locator(".state")).ToHaveCSSAsync("color", "rgb(179, 38, 30)");
        await Expect(User.Locator(".standing")).ToContainTextAsync("no connection: Connection refused");
        await Expect(_page.Locator("#status")).ToHaveTextAsync("Outage");
        await Expect(_page.Locator("#troubles")).ToContainTextAsync("Cluster 'user' has no available destination (1 unreachable): all its calls fail");
        await Axe.FindsNothingAsync(_page, "management-outage");
        await Button($"Drain {Service.Address} of user").ClickAsync();
        await Axe.FindsNothingAsync(_page, "management-question");
    }

    [Test]
    public async Task Destination_Ejected_SaysUntilWhen()
    {
        await using var failing = await StubSubService.StartAsync();
        failing.Fail(14, "going down");
        Settings["ReverseProxy:Clusters:user:Destinations:failing:Address"] = failing.Address;
        Settings["ReverseProxy:Clusters:user:LoadBalancingPolicy"] = "RoundRobin";
        Settings["ReverseProxy:Clusters:user:Metadata:EjectAfterFailures"] = "1";
        Settings["ReverseProxy:Clusters:user:HealthCheck:Passive:ReactivationPeriod"] = "00:03:20";
        await OpenSignedInAsync();

        // One of them goes to it.
        await StatusAsync(LoginPath);
        await StatusAsync(LoginPath);

        await Expect(User.Locator(".state")).ToHaveTextAsync(["failing", "available"]);
        await Expect(User.Locator(".until").First).ToHaveTextAsync(new Regex("^out until [0-9]{2}:[0-9]{2}:[0-9]{2}$"));
        await Expect(_page.Locator("#troubles")).ToContainTextAsync("Cluster 'user' has 1 of 2 destinations available (1 failing); they get its calls");
        await Axe.FindsNothingAsync(_page, "management-degraded");
        await _page.SetViewportSizeAsync(390, 780);
        await User.ScrollIntoViewIfNeededAsync();
        await Axe.FindsNothingAsync(_page, "management-degraded-narrow");
    }

    [Test]
    public async Task Cluster_SpokenToOverTls_SaysSo_AndUntilWhenTheCertificateIsGood()
    {
        using var authority = new TestAuthority();
        (Settings["ReverseProxy:Clusters:user:Metadata:CertificateFile"], Settings["ReverseProxy:Clusters:user:Metadata:KeyFile"]) = authority.IssueFiles("gateway");
        Settings["ReverseProxy:Clusters:user:Metadata:ServerName"] = "user.internal";
        Settings["ReverseProxy:Clusters:user:Destinations:etcd:Address"] = "https://127.0.0.1:1";
        await OpenSignedInAsync();

        await Expect(User.Locator(".turn")).ToHaveTextAsync(new Regex(@"^user1 of 1 availableTLS, as user\.internal, own certificate until \d{1,2} [A-Za-z]+ \d{4}$"));
        await Expect(_page.Locator("#clusters .turn").Filter(new() { HasText = "TLS" })).ToHaveCountAsync(1);
    }

    [Test]
    public async Task Destinations_ThatWereFoundOut_SayWhere()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.Set(FakeApiServer.Slice("user-a", 1, FakeApiServer.Pod("pod-7")));
        Settings["Gateway:Kubernetes:ApiServer"] = server.Address;
        Settings["ReverseProxy:Clusters:user:Destinations:etcd:Address"] = "k8s://user.chat:grpc";
        await OpenSignedInAsync();

        await Expect(_page.Locator("#clusters-note")).ToHaveTextAsync(new Regex(@"destinations available\s+·\s+Kubernetes connected, 1 instances$"));
        await Expect(_page.Locator("#clusters .origin").Filter(new() { HasText = "k8s://chat/pod-7" })).ToHaveCountAsync(1);
    }

    [Test]
    public async Task Destinations_TwoHundred_AreFoundAtOnce()
    {
        for (var cluster = 1; cluster <= 5; cluster++)
        {
            for (var i = 0; i < 20; i++)
            {
                Settings[$"ReverseProxy:Clusters:other{cluster}:Destinations:d{i:00}:Address"] = $"http://10.0.{cluster}.{i}:9000";
            }
        }

        for (var i = 0; i < 99; i++)
        {
            Settings[$"ReverseProxy:Clusters:user:Destinations:d{i:00}:Address"] = $"http://10.0.0.{i}:9000";
        }

        Settings["ReverseProxy:Clusters:user:Destinations:z:Address"] = "http://127.0.0.1:1";
        // Whatever is called, it is the last one.
        Settings["ReverseProxy:Clusters:user:LoadBalancingPolicy"] = "LastOne";
        await OpenSignedInAsync(builder => builder.Services.AddSingleton<ILoadBalancingPolicy>(new LastOne()));
        Assert.That(await ErrorCodeAsync(LoginPath), Is.Empty, "The second attempt is answered");
        await Expect(_page.Locator("#clusters-note")).ToHaveTextAsync("11 clusters, 205 of 206 destinations available");

        var drained = Gateway.Services.GetRequiredService<DrainedDestinations>();
        drained.Drain("other2", "d05");
        drained.Drain("speech", "etcd");
        await Expect(_page.Locator("#clusters .turn b")).ToHaveTextAsync(
            ["speech", "user", "other2", "file", "friend", "message-storage", "message-transmit", "other1", "other3", "other4", "other5"]);
        drained.Undrain("other2", "d05");
        drained.Undrain("speech", "etcd");

        var (open, states) = (_page.Locator("#clusters [aria-expanded=true]"), _page.Locator("#clusters .state"));
        await Expect(open).ToHaveCountAsync(1);
        await Expect(open).ToHaveTextAsync("user100 of 101 available, 1 unreachable");
        await Expect(states.First).ToHaveTextAsync("unreachable");
        await Expect(states.First).ToBeInViewportAsync();
        await Expect(states).ToHaveCountAsync(8);
        foreach (var (width, height) in new[] { (1280, 3000), (390, 5000) })
        {
            await _page.SetViewportSizeAsync(width, 720);
            Assert.That(await _page.EvaluateAsync<int>("() => document.documentElement.scrollHeight"), Is.LessThan(height), $"At a width of {width}");
            Assert.That(await _page.EvaluateAsync<int>("() => document.documentElement.scrollWidth"), Is.EqualTo(width));
            await Axe.FindsNothingAsync(_page, $"management-many-{width}");
        }

        await Button("Show 93 more of user").ClickAsync();
        await Expect(states).ToHaveCountAsync(101);
        await _page.GetByRole(AriaRole.Link, new() { Name = "Routes" }).ClickAsync();
        await Expect(_page.Locator("#routes-title")).ToBeInViewportAsync();
        await _page.GetByRole(AriaRole.Link, new() { Name = "Configuration" }).ClickAsync();
        await Expect(_page.Locator("#configuration")).ToBeInViewportAsync();
        await Button("user", exact: false).And(_page.Locator(".turn")).ClickAsync();
        await Expect(states).ToHaveCountAsync(0);

        await _page.GetByLabel("Filter the destinations").FillAsync("10.0.3.17");
        await Expect(states).ToHaveCountAsync(1);
        await Expect(open).ToContainTextAsync("other3");
        await _page.GetByLabel("Filter the destinations").FillAsync("nothing like it");
        await Expect(_page.Locator("#clusters-none")).ToBeVisibleAsync();
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
    public async Task Traffic_IsShownByRouteAndCluster_WithRefusals_AndSurvivesAReload()
    {
        var time = new FakeTimeProvider();
        await OpenSignedInAsync(builder => AdminUserTests.CountBy(builder.Services, time));
        var route = _page.Locator("#routes tbody");
        await Expect(Tile("Half of all calls within").Locator(".value")).ToHaveTextAsync("–");
        await Expect(route.Locator("[data-label=p50], [data-label=p99]")).ToHaveTextAsync(["–", "–"]);
        for (var i = 0; i < 20; i++)
        {
            // Half of them are no message.
            (await Gateway.PostAsync(LoginPath, i % 2 == 0 ? [8, 1] : [255])).Dispose();
        }

        time.Advance(CallWindow.Period);

        await Expect(Tile("Calls")).ToContainTextAsync("2.0/s");
        await Expect(Tile("Failed calls")).ToContainTextAsync("0/s");
        await Expect(Tile("Refused calls")).ToContainTextAsync("bad-request 10");
        await Expect(route).ToContainTextAsync("ms");
        await Expect(_page.Locator("#clusters .group").Filter(new() { HasText = "user" })).ToContainTextAsync("ms");
        await route.Locator(".turn").ClickAsync();
        await Expect(route.Locator("dl")).ToContainTextAsync("none, open to everybody");
        await Expect(route.Locator("dl")).ToContainTextAsync("ok 10, bad-request 10");
        time.Advance(CallWindow.Period);
        await _page.ReloadAsync();
        await Expect(Tile("Calls").Locator(".scale")).ToHaveTextAsync("20 s agoup to 2.0/s");
        await Expect(Tile("Half of all calls within").Locator(".scale")).ToHaveTextAsync(new Regex(@"^20 s agoup to [0-9.,]+\u00a0ms$"));
        await Expect(Tile("Slow consumers").Locator(".scale")).ToHaveTextAsync("20 s agoup to 0 in ten seconds");
        await Expect(Tile("Sockets here").Locator(".scale")).ToHaveTextAsync("20 s agoup to 0");
        Assert.That(await Tile("Calls").Locator("polyline").GetAttributeAsync("points"), Is.EqualTo("0.00,2.00 100.00,22.00"));
        Assert.That(_complaints, Is.Empty);
    }

    [Test]
    public async Task Canary_ShowsWhatEachClusterGot_AndWhatItGotForWantOfAnother()
    {
        Settings["ReverseProxy:Clusters:user-v2:Destinations:a:Address"] = Service.Address;
        var time = new FakeTimeProvider();
        Folder.Write(File(more: """ "Canary": [ { "ClusterId": "user-v2", "Percent": 5 }, { "ClusterId": "user-v2", "Header": "x-canary", "Values": [ "1", "2" ] } ], """));
        await OpenSignedInAsync(builder => AdminUserTests.CountBy(builder.Services, time));
        var route = _page.Locator("#routes tbody");
        await Expect(route.Locator("td[data-label=Cluster] span")).ToHaveTextAsync(["user", "", "user-v2", ""]);

        for (var i = 0; i < 20; i++)
        {
            // This machine's address is in the larger part, so one call goes there by its header.
            using var request = new HttpRequestMessage(HttpMethod.Post, LoginPath) { Content = new ByteArrayContent([]) };
            request.Content.Headers.ContentType = new("application/x-protobuf");
            request.Headers.Add("x-canary", i == 0 ? "2" : "3");
            (await Gateway.Client.SendAsync(request).DefaultTimeout()).Dispose();
        }

        await Expect(route.Locator("td[data-label=Cluster] span")).ToHaveTextAsync(["user", "95 %", "user-v2", "5.0 %"]);
        await route.Locator(".turn").ClickAsync();
        await Expect(route.Locator("dl")).ToContainTextAsync("Canary5 % to user-v2; x-canary: 1 or 2 to user-v2");
        Assert.That(await route.Locator("dl").TextContentAsync(), Does.Contain("5\u00a0% to"), "A percent sign stays beside its number");
        await Expect(route.Locator("dl")).ToContainTextAsync("To user19 of 20 requests in the last minute (95 %), 0/s failed, p50 ");
        foreach (var width in new[] { 1280, 390 })
        {
            await _page.SetViewportSizeAsync(width, 800);
            Assert.That(await _page.EvaluateAsync<int>("() => document.documentElement.scrollWidth"), Is.EqualTo(width));
            await Axe.FindsNothingAsync(_page, $"management-canary-{width}");
        }

        await _page.SetViewportSizeAsync(1280, 800);
        await Button($"Drain {Service.Address} of user-v2").ClickAsync();
        await Expect(_page.Locator("#confirm-text")).ToContainTextAsync("It is the last one in use: calls of user-v2 will go to the clusters of their routes until it is put back.");
        await Button("Drain").ClickAsync();
        await Expect(_page.Locator("#status")).ToHaveTextAsync("Degraded");
        foreach (var width in new[] { 768, 850 })
        {
            await _page.SetViewportSizeAsync(width, 800);
            Assert.That(await _page.EvaluateAsync<int>("() => document.documentElement.scrollWidth"), Is.EqualTo(width));
            Assert.That(await LinesAsync(_page.Locator("#clusters").GetByText(Service.Address).First), Is.EqualTo(1), $"Lines of an address at a width of {width}");
            await Axe.ShowAsync(_page, $"management-canary-drained-{width}");
        }

        using (var request = new HttpRequestMessage(HttpMethod.Post, LoginPath) { Content = new ByteArrayContent([]), Headers = { { "x-canary", "1" } } })
        {
            request.Content.Headers.ContentType = new("application/x-protobuf");
            using var response = await Gateway.Client.SendAsync(request).DefaultTimeout();
            Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        }

        await Expect(route.Locator("dl")).ToContainTextAsync("To user20 of 21 requests in the last minute (95 %), 1 of them for want of a destination of the canary, ");
        Assert.That(_complaints, Is.Empty);
    }

    [Test]
    public async Task LongPath_BeginsBesideItsTriangle([Values(390, 1280)] int width)
    {
        Folder.Write(File(routes: """ "long": { "ClusterId": "user", "Match": { "Path": "/service/message_storage/a_long_name_that_fits_nowhere" } }, """));
        await OpenSignedInAsync();
        await _page.SetViewportSizeAsync(width, 800);

        var path = _page.Locator("#routes .turn").Filter(new() { HasText = "a_long_name" });

        Assert.That(await path.EvaluateAsync<double>(
            """
            (path) => {
              const range = document.createRange();
              range.selectNodeContents(path);
              return range.getClientRects()[0].top - path.getBoundingClientRect().top;
            }
            """), Is.LessThan(10));
    }

    [Test]
    public async Task Route_Opened_TellsBelow_AndLeavesTheColumnsAsTheyWere()
    {
        Folder.Write(File(routes: """
            "recent": {
              "ClusterId": "message-storage",
              "Match": { "Path": "/service/message_storage/get_recent", "Methods": [ "POST" ] },
              "Transforms": [ { "Rpc": "bite_im.MsgStorageService/GetRecentMsg" } ]
            },
            """));
        await OpenSignedInAsync();
        await _page.SetViewportSizeAsync(1280, 800);
        var route = _page.Locator("#routes tbody").Filter(new() { HasText = "get_recent" });
        await Expect(route.Locator("td[data-label=RPC]")).ToHaveTextAsync("bite_im.MsgStorageService/GetRecentMsg");
        var before = await WidthsAsync();

        await Button("/service/message_storage/get_recent").ClickAsync();

        await Expect(route.Locator("dl")).ToContainTextAsync("Written in");
        await Expect(_page.Locator("#routes dl:visible")).ToHaveCountAsync(1);
        Assert.That(await WidthsAsync(), Is.EqualTo(before).Within(1));
        await Axe.FindsNothingAsync(_page, "management-route");
        // Where there is less room than for a whole name.
        await _page.SetViewportSizeAsync(920, 800);
        Assert.That(await _page.EvaluateAsync<int>("() => document.documentElement.scrollWidth"), Is.EqualTo(920));
        var name = route.Locator("td[data-label=RPC] span");
        Assert.That(await LinesAsync(name), Is.GreaterThan(1));
        // Each part's.
        Assert.That(await name.EvaluateAsync<int[]>(
            """
            (name) => [...name.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE).map((part) => {
              const range = document.createRange();
              range.selectNodeContents(part);
              return range.getClientRects().length;
            })
            """), Is.EqualTo(new[] { 1, 1, 1 }), "Lines of 'bite_im.', 'MsgStorageService/' and 'GetRecentMsg'");
        await Button("/service/message_storage/get_recent").ClickAsync();
        await Expect(_page.Locator("#routes dl:visible")).ToHaveCountAsync(0);

        Task<double[]> WidthsAsync() => _page.Locator("#routes thead th").EvaluateAllAsync<double[]>("(all) => all.map((one) => one.getBoundingClientRect().width)");
    }

    [Test]
    public async Task Clusters_OnANarrowPage_KeepTheMarginAndTheButtonsToTheRight()
    {
        await OpenSignedInAsync();
        await _page.SetViewportSizeAsync(390, 800);

        // Each as its distances from the left and the right of its row.
        var distances = await _page.Locator("#clusters .group td.number:not(:empty), #clusters td.steer button").EvaluateAllAsync<double[][]>(
            """
            (all) => all.map((one) => {
              const [inner, outer] = [one, one.closest("tr")].map((node) => node.getBoundingClientRect());
              return [inner.left - outer.left, outer.right - inner.right];
            })
            """);

        Assert.That(distances, Is.Not.Empty);
        Assert.That(distances.SelectMany(one => one), Has.All.GreaterThanOrEqualTo(14));
        Assert.That(distances.Count(one => one[1] < 16), Is.GreaterThanOrEqualTo(distances.Length / 2), "Every second number, and all buttons");
    }

    [Test]
    public async Task Traffic_OneCallInAMinute_IsNotNone()
    {
        var time = new FakeTimeProvider();
        await OpenSignedInAsync(builder => AdminUserTests.CountBy(builder.Services, time));
        (await Gateway.PostAsync(LoginPath, [8, 1])).Dispose();
        time.Advance(TimeSpan.FromSeconds(50));

        await Expect(_page.Locator("#routes tbody td[data-label='Calls/s']")).ToHaveTextAsync("0.02");
    }

    [Test]
    public async Task Settings_AreListedWithTheirSource()
    {
        await OpenSignedInAsync();
        await _page.GetByText("Settings in force").ClickAsync();

        await Expect(_page.Locator("#settings")).ToContainTextAsync("Gateway:Management:Token(hidden)settings");
        await _page.GetByLabel("Filter the settings").FillAsync("maxdiscardtime default");
        await Expect(_page.Locator("#settings tbody tr")).ToHaveTextAsync("Gateway:Rpc:MaxDiscardTime00:01:00default");
        Assert.That(_complaints, Is.Empty);
    }

    [Test]
    public async Task SilentGateway_IsSeenAtOnce()
    {
        await OpenSignedInAsync();

        await Gateway.DisposeAsync();

        await Expect(_page.Locator("#status")).ToHaveTextAsync("No answer");
        await Expect(_page.Locator("#stale")).ToContainTextAsync("What you see is from ");
        await Expect(_page.Locator("#fine")).ToBeHiddenAsync();
        await Axe.FindsNothingAsync(_page, "management-silent");
        await _page.SetViewportSizeAsync(390, 780);
        await Axe.FindsNothingAsync(_page, "management-silent-narrow");
    }

    /// <summary>The part of the table about the cluster <c>user</c>.</summary>
    private ILocator User => _page.Locator("#clusters tbody").Filter(new() { Has = _page.Locator(".turn b", new() { HasTextRegex = OnlyUser() }) });

    private ILocator Button(string name, bool exact = true) => _page.GetByRole(AriaRole.Button, new() { Name = name, Exact = exact });

    private ILocator Tile(string name) => _page.Locator("#tiles > div").Filter(new() { Has = _page.GetByText(name, new() { Exact = true }) });

    private async Task OpenSignedInAsync(Action<WebApplicationBuilder>? configure = null)
    {
        await OpenAsync(configure);
        await SignInAsync(Token);
        await Expect(_page.Locator("#all")).ToBeVisibleAsync();
        _complaints.Clear();
    }

    private async Task OpenAsync(Action<WebApplicationBuilder>? configure = null, bool hasToken = true)
    {
        if (hasToken)
        {
            Settings["Gateway:Management:Token"] = Token;
        }

        await StartAsync(configure);
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

    private static Task<int> LinesAsync(ILocator text) => text.EvaluateAsync<int>(
        """
        (node) => {
          const range = document.createRange();
          range.selectNodeContents(node);
          return range.getClientRects().length;
        }
        """);

    private async Task SignInAsync(string token)
    {
        await _page.GetByLabel("Management token").FillAsync(token);
        await _page.Keyboard.PressAsync("Enter");
    }

    [GeneratedRegex("^user$")]
    private static partial Regex OnlyUser();

    private sealed class LastOne : ILoadBalancingPolicy
    {
        public string Name => nameof(LastOne);

        public DestinationState? PickDestination(HttpContext context, ClusterState cluster, IReadOnlyList<DestinationState> availableDestinations) =>
            availableDestinations.MaxBy(destination => destination.DestinationId == "etcd" ? "y" : destination.DestinationId, StringComparer.Ordinal);
    }
}
