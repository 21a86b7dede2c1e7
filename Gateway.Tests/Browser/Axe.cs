using Gateway.Tests.Proxy.Hosting;
using Microsoft.Playwright;

namespace Gateway.Tests.Browser;

/// <summary>Looks for what keeps people out of a page: https://github.com/dequelabs/axe-core.</summary>
internal static class Axe
{
    private static readonly string Script = Path.Combine(RepositoryFolder.Path, "samples/ChatDemo/web/node_modules/axe-core/axe.min.js");

    /// <summary>Asserts that axe finds nothing, and leaves a picture of the page with the test's results; both in light and in dark.</summary>
    public static async Task FindsNothingAsync(IPage page, string name)
    {
        Assert.That(File.Exists(Script), Is.True, "axe is missing: run 'npm ci' in samples/ChatDemo/web, or test.sh, which does so.");
        if (!await page.EvaluateAsync<bool>("() => 'axe' in window"))
        {
            await page.EvaluateAsync(await File.ReadAllTextAsync(Script));
        }

        // In the dark nothing changes but colours.
        foreach (var (scheme, rules) in new[] { (ColorScheme.Light, "{}"), (ColorScheme.Dark, "{ runOnly: ['color-contrast', 'link-in-text-block'] }") })
        {
            await page.EmulateMediaAsync(new() { ColorScheme = scheme });
            var found = await page.EvaluateAsync<string[]>(
                $"async () => (await axe.run({rules})).violations.flatMap(({{ id, nodes }}) => nodes.map(node => `${{id}}: ${{node.html}} ${{node.failureSummary}}`))");
            await ShowAsync(page, $"access-{name}-{scheme}");
            Assert.That(found, Is.Empty, $"{name}, {scheme}");
        }
    }

    /// <summary>Leaves a picture of the page with the test's results.</summary>
    public static async Task ShowAsync(IPage page, string name)
    {
        var path = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"page-{name}.png");
        await page.ScreenshotAsync(new() { Path = path, Animations = ScreenshotAnimations.Disabled });
        TestContext.AddTestAttachment(path);
    }
}
