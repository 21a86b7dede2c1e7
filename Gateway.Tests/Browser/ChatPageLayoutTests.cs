using Gateway.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Gateway.Tests.Browser;

/// <summary>Whatever people write, the page keeps within its window.</summary>
[TestFixture]
[Servers]
internal sealed class ChatPageLayoutTests : ChatPageTest
{
    private const string LongName = "WWWWWWWWWWWWWWWWW";

    private static readonly string LongGroup = new('G', 60);

    // All that is wider than it shows, unless it cuts on purpose.
    private const string TooWide = """
        () => [document.documentElement, ...document.querySelectorAll('body *')]
          .filter(element => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)
          .filter(element => !['hidden', 'clip'].includes(getComputedStyle(element).overflowX) && getComputedStyle(element).display !== 'inline')
          .map(element => `${element.tagName}.${element.className}: ${element.scrollWidth} in ${element.clientWidth}`)
        """;

    [Test]
    public async Task Page_TextsWithoutABreak_NeverMakeItWiderThanItsWindow()
    {
        var (alice, bob) = await FriendsAsync(LongName, LongName);
        await alice.OpenChatAsync(bob.Nickname);
        foreach (var text in new[] { new string('x', 40), new string('y', 140), "needle" + new string('z', 5_000) })
        {
            await alice.WriteAsync(text);
            await alice.SeesAsync(text);
        }

        await FitsAsync(alice, "long-words");
        await alice.Button("Search messages").ClickAsync();
        await alice.Page.GetByLabel("Word to search for").FillAsync("needle");
        await alice.Page.Keyboard.PressAsync("Enter");
        await Expect(alice.Page.GetByText("1 message", new() { Exact = true })).ToBeVisibleAsync();
        await FitsAsync(alice, "long-hit");

        await alice.Page.SetViewportSizeAsync(1280, 760);
        await OpenGroupAsync(alice, bob, LongGroup);
        await bob.OpenChatAsync(LongGroup);
        await bob.WriteAsync(new string('q', 500));
        await alice.Page.GetByLabel("Send a file").Last.SetInputFilesAsync(
            new FilePayload { Name = new string('f', 200) + ".txt", MimeType = "text/plain", Buffer = "bread"u8.ToArray() });
        await Expect(alice.Conversation.Locator("button.file")).ToBeVisibleAsync();
        await alice.SeesAsync(new string('q', 500));
        await FitsAsync(alice, "long-names");

        await alice.Button("Back to the list").ClickAsync();
        await FitsAsync(alice, "long-list");
        await alice.Button("+ New group").ClickAsync();
        await FitsAsync(alice, "long-new-group");
        await alice.Button("Close").ClickAsync();
        await alice.Tab("Friends").ClickAsync();
        await FitsAsync(alice, "long-friends");
        await alice.Button("Remove").ClickAsync();
        await FitsAsync(alice, "long-question");
    }

    [Test]
    public async Task Notices_OnANarrowPage_StandAboveTheComposer()
    {
        var (alice, bob) = await FriendsAsync();
        await alice.Page.SetViewportSizeAsync(390, 760);
        await alice.OpenChatAsync(bob.Nickname);
        await alice.Page.GetByLabel("Write a message").FillAsync("one\ntwo\nthree");
        await alice.Page.GetByLabel("Send an image").Last.SetInputFilesAsync(new FilePayload { Name = "no.png", MimeType = "image/png", Buffer = "text"u8.ToArray() });
        await Expect(alice.Page.GetByText("no.png is no picture.")).ToBeVisibleAsync();
        await alice.ShowAsync("notice-chat");
        Assert.That(await BelowAsync("document.querySelector('.composer').getBoundingClientRect().top"), Is.InRange(0, 20));

        await alice.Button("Back to the list").ClickAsync();
        await alice.Tab("Friends").ClickAsync();
        await alice.ShowAsync("notice-friends");
        Assert.That(await BelowAsync("innerHeight"), Is.InRange(0, 20));

        Task<double> BelowAsync(string end) => alice.Page.EvaluateAsync<double>($"() => {end} - document.querySelector('.notices').getBoundingClientRect().bottom");
    }

    [Test]
    public async Task Composer_MuchText_GrowsAndSaysWhatIsTooMuch()
    {
        var (alice, bob) = await FriendsAsync();
        await alice.OpenChatAsync(bob.Nickname);
        var text = alice.Page.GetByLabel("Write a message");
        var low = (await text.BoundingBoxAsync())!.Height;

        await text.FillAsync(string.Concat(Enumerable.Repeat("one line of words and no break ", 10)));
        Assert.That((await text.BoundingBoxAsync())!.Height, Is.GreaterThan(2 * low), "Grown with one long line");

        var tooMuch = new string('v', 10_001);
        await text.FillAsync(tooMuch);
        await alice.Page.Keyboard.PressAsync("Enter");
        await Expect(alice.Page.GetByText(
            "10,001 characters, and 10,000 at most can be sent at once. Shorten the message, or send it in parts.")).ToBeVisibleAsync();
        await Expect(alice.Button("Send")).ToBeDisabledAsync();
        await Expect(text).ToHaveValueAsync(tooMuch);
        await FitsAsync(alice, "too-much");

        await text.FillAsync(tooMuch[1..]);
        await alice.Button("Send").ClickAsync();
        await alice.SeesAsync(tooMuch[1..]);
        Assert.That((await text.BoundingBoxAsync())!.Height, Is.EqualTo(low), "Low again");
    }

    /// <summary>Leaves the page at the narrowest.</summary>
    private static async Task FitsAsync(PersonAtBrowser person, string name)
    {
        foreach (var width in new[] { 1280, 768, 390 })
        {
            await person.Page.SetViewportSizeAsync(width, 760);
            Assert.That(await person.Page.EvaluateAsync<string[]>(TooWide), Is.Empty, $"{name} at {width} pixels");
            await person.ShowAsync($"{name}-{width}");
        }
    }
}
