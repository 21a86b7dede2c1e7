using ChatDemo.Hosting;
using ChatDemo.Storage;
using Gateway.Tests.Support;
using Microsoft.Playwright;

namespace Gateway.Tests.Browser;

/// <summary>The whole demo on free ports, and a real browser to open its page with.</summary>
internal sealed class BrowserFixture : IAsyncDisposable
{
    private const string Chromium = "/usr/bin/chromium";

    private readonly DirectoryInfo _folder;
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private BrowserFixture(DirectoryInfo folder, DemoHost demo, IPlaywright playwright, IBrowser browser)
    {
        _folder = folder;
        Demo = demo;
        _playwright = playwright;
        _browser = browser;
    }

    public DemoHost Demo { get; }

    public static async Task<BrowserFixture> StartAsync()
    {
        Assert.That(File.Exists(Chromium), Is.True,
            $"These tests use a real browser, {Chromium}. Install it with 'apt-get install chromium fonts-noto-cjk', or run test.sh, which does so.");
        var folder = Directory.CreateTempSubdirectory("gateway-page-");
        var options = new DemoOptions { PagePort = 0, HttpPort = LoopbackPort.Free(), WebSocketPort = LoopbackPort.Free() };
        var demo = await DemoHost.StartAsync(options, new DataFolder(folder.FullName)).DefaultTimeout();
        var playwright = await Playwright.CreateAsync().DefaultTimeout();
        var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = ["--no-sandbox"] });
        return new BrowserFixture(folder, demo, playwright, browser);
    }

    /// <summary>A browser of its own: nothing is shared with the other people.</summary>
    public async Task<PersonAtBrowser> OpenAsync(Action<BrowserNewContextOptions>? configure = null, Func<IPage, Task>? prepare = null)
    {
        var options = new BrowserNewContextOptions { Locale = "en-US", ViewportSize = new() { Width = 1100, Height = 720 } };
        configure?.Invoke(options);
        var context = await _browser.NewContextAsync(options);
        var person = new PersonAtBrowser(await context.NewPageAsync());
        if (prepare is not null)
        {
            await prepare(person.Page);
        }

        await person.Page.GotoAsync(Demo.PageAddress.ToString());
        return person;
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
        await Demo.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
