using System.Globalization;
using ChatDemo.Hosting;
using ChatDemo.Smoke;
using ChatDemo.Storage;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Microsoft.Playwright;

namespace Gateway.Tests.Browser;

/// <summary>The whole demo on free ports, and a real browser to open its page with.</summary>
internal sealed class BrowserFixture : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly Chromium _chromium;
    private readonly HttpClient _http;
    private readonly SmokeClient _client;
    private int _people;

    private BrowserFixture(DirectoryInfo folder, DemoHost demo, Chromium chromium)
    {
        _folder = folder;
        Demo = demo;
        _chromium = chromium;
        _http = new HttpClient { BaseAddress = demo.GatewayAddress };
        _client = new SmokeClient(_http);
    }

    public DemoHost Demo { get; }

    public static async Task<BrowserFixture> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("gateway-page-");
        var options = OnFreePorts() with { PagePort = 0 };
        var demo = await DemoHost.StartAsync(options, new DataFolder(folder.FullName)).DefaultTimeout();
        return new BrowserFixture(folder, demo, await Chromium.StartAsync());
    }

    public static DemoOptions OnFreePorts() =>
        new() { HttpPort = LoopbackPort.Free(), WebSocketPort = LoopbackPort.Free(), ManagementPort = LoopbackPort.Free() };

    /// <summary>Somebody new, who is logged in and has no browser yet. By calls, for the page's way to that has tests of its own.</summary>
    public async Task<Person> RegisterAsync(string name)
    {
        var person = new Person(_client, string.Create(CultureInfo.InvariantCulture, $"{name} {++_people}"), phone: "");
        await _client.CallAsync(Api.UsernameRegister, new UserRegisterReq { Nickname = person.Nickname, Password = person.Password });
        var login = await _client.CallAsync(Api.UsernameLogin, new UserLoginReq { Nickname = person.Nickname, Password = person.Password });
        person.SessionId = login.LoginSessionId;
        person.UserId = (await person.CallAsync(Api.GetUserInfo, new GetUserInfoReq())).UserInfo.UserId;
        return person;
    }

    /// <summary>A browser of its own: nothing is shared with the other people.</summary>
    /// <param name="person">Who is logged in there; null for nobody.</param>
    /// <param name="configure">Settings of the browser.</param>
    /// <param name="prepare">What is done before the page is opened.</param>
    public async Task<PersonAtBrowser> OpenAsync(Person? person = null, Action<BrowserNewContextOptions>? configure = null, Func<IPage, Task>? prepare = null)
    {
        var options = new BrowserNewContextOptions { Locale = "en-US", ViewportSize = new() { Width = 1100, Height = 720 } };
        if (person is not null)
        {
            options.StorageState =
                $$"""{ "origins": [ { "origin": "{{Demo.PageAddress.GetLeftPart(UriPartial.Authority)}}", "localStorage": [ { "name": "chat-demo-session", "value": "{{person.SessionId}}" } ] } ] }""";
        }

        configure?.Invoke(options);
        var context = await _chromium.Browser.NewContextAsync(options);
        var browser = new PersonAtBrowser(await context.NewPageAsync(), person);
        if (prepare is not null)
        {
            await prepare(browser.Page);
        }

        await browser.Page.GotoAsync(Demo.PageAddress.ToString());
        return browser;
    }

    public async ValueTask DisposeAsync()
    {
        await _chromium.DisposeAsync();
        _http.Dispose();
        await Demo.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
