using System.Text.RegularExpressions;
using Gateway.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Gateway.Tests.Browser;

/// <summary>What the page makes of texts, times and pictures of people.</summary>
[TestFixture]
[Servers]
internal sealed partial class ChatPageTextTests : ChatPageTest
{
    [Test]
    public async Task Message_WithAddresses_LinksTheSafeOnes()
    {
        var (alice, bob) = await FriendsAsync();
        await alice.OpenChatAsync(bob.Nickname);
        await alice.WriteAsync("See https://example.com/a?b=1&c=2, (HTTP://example.org/x). Not javascript:alert(1), data:text/html,x or https://");

        await bob.OpenChatAsync(alice.Nickname);
        var links = bob.Conversation.GetByRole(AriaRole.Link);
        await Expect(links).ToHaveTextAsync(["https://example.com/a?b=1&c=2", "HTTP://example.org/x"]);
        await Expect(links.First).ToHaveAttributeAsync("href", "https://example.com/a?b=1&c=2");
        await Expect(links.First).ToHaveAttributeAsync("target", "_blank");
        await Expect(links.First).ToHaveAttributeAsync("rel", "noopener noreferrer");
        await bob.ShowAsync("links");
    }

    [Test]
    public async Task Text_FromRightToLeft_RunsThatWay()
    {
        var (alice, bob) = await FriendsAsync();
        await alice.OpenChatAsync(bob.Nickname);
        var composer = alice.Page.GetByLabel("Write a message");
        await composer.FillAsync("שלום, Bob!");
        await Expect(composer).ToHaveCSSAsync("direction", "rtl");
        await alice.WriteAsync("שלום, Bob!");
        await alice.WriteAsync("Hello");

        await Expect(alice.Texts).ToHaveTextAsync(["שלום, Bob!", "Hello"]);
        await Expect(alice.Texts.First).ToHaveCSSAsync("direction", "rtl");
        await Expect(alice.Texts.Last).ToHaveCSSAsync("direction", "ltr");
        await alice.ShowAsync("right-to-left");
    }

    [Test]
    public async Task Time_SaysTheWholeDateToMachinesAndMice()
    {
        var (alice, bob) = await FriendsAsync();
        await alice.OpenChatAsync(bob.Nickname);
        await alice.WriteAsync("now");
        await alice.SeesAsync("now");

        foreach (var place in new[] { alice.Conversation, alice.Chat(bob.Nickname) })
        {
            await Expect(place.Locator("time")).ToHaveAttributeAsync("datetime", IsoTime());
            await Expect(place.Locator("time")).ToHaveAttributeAsync("title", WholeDate());
        }
    }

    [Test]
    public async Task Picture_Changed_IsNewWhereverThePersonIsShown()
    {
        var (alice, bob) = await FriendsAsync();
        await OpenGroupAsync(alice, bob, "Portraits");
        await alice.WriteAsync("before");
        await bob.OpenChatAsync("Portraits");
        await bob.SeesAsync("before");
        var second = new PersonAtBrowser(await alice.Page.Context.NewPageAsync());
        await second.Page.GotoAsync(Browser.Demo.PageAddress.ToString());
        await Expect(second.Light).ToHaveTextAsync("Online");

        await alice.Page.Locator("button.me").ClickAsync();
        await alice.Page.GetByLabel("Change picture").Last.SetInputFilesAsync(new FilePayload { Name = "me.png", MimeType = "image/png", Buffer = Png });
        await Expect(alice.Page.GetByText("Saved.")).ToBeVisibleAsync();
        await alice.Button("Close").ClickAsync();
        await Expect(alice.Page.Locator("button.me img")).ToBeVisibleAsync();
        await Expect(second.Page.Locator("button.me img")).ToBeVisibleAsync();
        await alice.Button("2 members").ClickAsync();
        await Expect(alice.Page.GetByRole(AriaRole.Dialog).Locator("img.avatar")).ToHaveCountAsync(1);
        await alice.Button("Close").ClickAsync();

        await alice.WriteAsync("after");
        await bob.SeesAsync("after");
        await Expect(bob.Conversation.Locator(".message img.avatar")).ToHaveCountAsync(2);
        await Expect(bob.Chat(alice.Nickname).Locator("img.avatar")).ToHaveCountAsync(1);
        await bob.Tab("Friends").ClickAsync();
        await Expect(bob.Page.Locator("#panel-friends img.avatar")).ToHaveCountAsync(1);
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$")]
    private static partial Regex IsoTime();

    [GeneratedRegex(@"^\w+, \w+ \d+, \d{4} at \d+:\d\d:\d\d.[AP]M$")]
    private static partial Regex WholeDate();
}
