using Gateway.Tests.Support;
using Microsoft.Playwright;

namespace Gateway.Tests.Browser;

/// <summary>A real browser.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private const string Program = "/usr/bin/chromium";

    private readonly IPlaywright _playwright;

    private Chromium(IPlaywright playwright, IBrowser browser)
    {
        _playwright = playwright;
        Browser = browser;
    }

    public IBrowser Browser { get; }

    public static async Task<Chromium> StartAsync()
    {
        ServersAttribute.Demand();
        Assert.That(File.Exists(Program), Is.True,
            $"These tests use a real browser, {Program}. Install it with 'apt-get install chromium fonts-noto-cjk', or run test.sh, which does so.");
        var playwright = await Playwright.CreateAsync().DefaultTimeout();
        return new Chromium(playwright, await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Program, Args = ["--no-sandbox"] }));
    }

    public async ValueTask DisposeAsync()
    {
        await Browser.DisposeAsync();
        _playwright.Dispose();
    }
}
