using ChatDemo.Hosting;
using ChatDemo.Storage;
using Gateway.Tests.Support;
using Microsoft.Playwright;

namespace Gateway.Tests.Browser;

/// <summary>The whole demo on free ports, and a real browser to open its page with.</summary>
internal sealed class BrowserFixture : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly Chromium _chromium;

    private BrowserFixture(DirectoryInfo folder, DemoHost demo, Chromium chromium)
    {
        _folder = folder;
        Demo = demo;
        _chromium = chromium;
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

    /// <summary>A browser of its own: nothing is shared with the other people.</summary>
    public async Task<PersonAtBrowser> OpenAsync(Action<BrowserNewContextOptions>? configure = null, Func<IPage, Task>? prepare = null)
    {
        var options = new BrowserNewContextOptions { Locale = "en-US", ViewportSize = new() { Width = 1100, Height = 720 } };
        configure?.Invoke(options);
        var context = await _chromium.Browser.NewContextAsync(options);
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
        await _chromium.DisposeAsync();
        await Demo.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
