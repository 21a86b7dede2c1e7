using Gateway.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Gateway.Tests.Browser;

/// <summary>The page without a mouse, without the colours it was made in, and as axe sees it.</summary>
[TestFixture]
[Servers]
internal sealed class ChatPageAccessTests : ChatPageTest
{
    [Test]
    public async Task Screens_BeforeTheLogin_AxeFindsNothing()
    {
        var person = Joined(await Browser.OpenAsync());
        await IsCleanAsync(person, "login");
        await person.Button("New here? Register").ClickAsync();
        await person.Page.GetByLabel("Nickname").FillAsync("x");
        await person.Button("Register").ClickAsync();
        await Expect(person.Page.GetByText("A nickname must be 3 to 22 characters long.")).ToBeVisibleAsync();
        await IsCleanAsync(person, "register");
    }

    [Test]
    public async Task Screen_GatewayNotReached_AxeFindsNothing()
    {
        NetworkFails = true;
        var person = await RegisteredAsync("Alice");
        await person.Page.RouteAsync("**/service/**", route => route.AbortAsync());
        await person.Page.ReloadAsync();

        await Expect(person.Button("Try again")).ToBeVisibleAsync();
        await IsCleanAsync(person, "unreachable");
    }

    [Test]
    public async Task Screens_OfTheChat_AxeFindsNothing()
    {
        NetworkFails = true;
        var (alice, bob) = (await RegisteredAsync("Alice"), await RegisteredAsync("Bob"));
        await IsCleanAsync(alice, "empty");
        await alice.AskAsync(bob);
        await IsCleanAsync(alice, "found");
        await bob.Tab("Friends").ClickAsync();
        await Expect(bob.Button("Accept")).ToBeVisibleAsync();
        await IsCleanAsync(bob, "requested");
        await bob.Button("Accept").ClickAsync();
        await Expect(bob.Button("Message")).ToBeVisibleAsync();
        await IsCleanAsync(bob, "friends");

        await CreateGroupAsync(alice, bob, "Weekend");
        await alice.WriteAsync("Look at https://example.com");
        await bob.Tab("Chats").ClickAsync();
        await Expect(bob.Chat("Weekend")).ToContainTextAsync("1 unread");
        await IsCleanAsync(bob, "unread");
        await bob.OpenChatAsync("Weekend");
        await bob.WriteAsync("I do");
        await alice.Page.GetByLabel("Send an image").Last.SetInputFilesAsync(new FilePayload { Name = "dot.png", MimeType = "image/png", Buffer = Png });
        await alice.Page.GetByLabel("Send a file").Last.SetInputFilesAsync(new FilePayload { Name = "list.txt", MimeType = "text/plain", Buffer = "bread"u8.ToArray() });
        await Expect(alice.Conversation.Locator("button.file")).ToBeVisibleAsync();
        await Expect(alice.Button("Open image")).ToBeVisibleAsync();
        await alice.Button("Search messages").ClickAsync();
        await alice.Page.GetByLabel("Word to search for").FillAsync("do");
        await alice.Page.Keyboard.PressAsync("Enter");
        await Expect(alice.Page.GetByText("1 message", new() { Exact = true })).ToBeVisibleAsync();
        await IsCleanAsync(alice, "conversation");

        await alice.Page.Context.SetOfflineAsync(true);
        await alice.WriteAsync("unsent");
        await Expect(alice.Page.GetByText("Not sent yet.")).ToBeVisibleAsync();
        await IsCleanAsync(alice, "unsent");
        await alice.Page.Context.SetOfflineAsync(false);
        await Expect(alice.Light).ToContainTextAsync("Back online");

        foreach (var (button, name) in new[] { ("Open image", "image"), ("2 members", "members"), ("Add members", "add"), ("+ New group", "group") })
        {
            await alice.Button(button).ClickAsync();
            await IsCleanAsync(alice, name);
            await alice.Button("Close").ClickAsync();
        }

        await alice.Page.Locator("button.me").ClickAsync();
        await IsCleanAsync(alice, "profile");
        await alice.Button("Close").ClickAsync();
        await alice.Tab("Friends").ClickAsync();
        await alice.Button("Remove").ClickAsync();
        await IsCleanAsync(alice, "question");
        await alice.Button("Cancel").ClickAsync();

        Browser.Demo.Sessions.Remove(await SessionAsync(bob));
        await bob.WriteAsync("are you there?");
        await Expect(bob.Page.GetByText("Your session has ended. Log in again.")).ToBeVisibleAsync();
        await IsCleanAsync(bob, "session");
        await alice.Page.SetViewportSizeAsync(390, 780);
        await IsCleanAsync(alice, "narrow");
        await alice.Button("Back to the list").ClickAsync();
        await IsCleanAsync(alice, "narrow-list");
    }

    [Test]
    public async Task Keyboard_AfterLogin_StandsOnTheTabs_AndArrowsTurnThem()
    {
        var alice = Joined(await Browser.OpenAsync());
        await alice.FillLoginAsync((await Browser.RegisterAsync("Alice")).Nickname, PersonAtBrowser.Password);
        await alice.Page.Keyboard.PressAsync("Enter");
        var keyboard = alice.Page.Keyboard;
        await Expect(alice.Tab("Chats")).ToBeFocusedAsync();

        foreach (var (key, tab) in new[] { ("ArrowRight", "Friends"), ("ArrowRight", "Chats"), ("ArrowLeft", "Friends"), ("Home", "Chats"), ("End", "Friends") })
        {
            await keyboard.PressAsync(key);
            await Expect(alice.Tab(tab)).ToBeFocusedAsync();
            await Expect(alice.Tab(tab)).ToHaveAttributeAsync("aria-selected", "true");
        }

        // The tabs are one stop.
        await keyboard.PressAsync("Tab");
        await Expect(alice.Page.GetByLabel("Find people")).ToBeFocusedAsync();
    }

    [Test]
    public async Task Keyboard_InAChat_FindsButtonsOnly()
    {
        var (alice, bob) = await FriendsAsync();
        await alice.OpenChatAsync(bob.Nickname);
        var input = alice.Page.GetByLabel("Write a message");
        await Expect(input).ToBeFocusedAsync();

        foreach (var name in new[] { "Send a file", "Send an image" })
        {
            await alice.Page.Keyboard.PressAsync("Shift+Tab");
            await Expect(alice.Button(name)).ToBeFocusedAsync();
        }

        await Expect(alice.Page.GetByRole(AriaRole.Button, new() { Name = $"Profile {alice.Nickname}" })).ToBeVisibleAsync();
    }

    [Test]
    public async Task ForcedColours_DrawALineWhereABackgroundSpoke()
    {
        var (alice, bob) = await FriendsAsync();
        await alice.Page.EmulateMediaAsync(new() { ForcedColors = ForcedColors.Active });
        await alice.OpenChatAsync(bob.Nickname);
        await alice.WriteAsync("hello");
        await alice.SeesAsync("hello");

        await Expect(alice.Chat(bob.Nickname)).ToHaveCSSAsync("outline-style", "solid");
        await Expect(alice.Tab("Chats")).ToHaveCSSAsync("outline-style", "solid");
        await Expect(alice.Tab("Friends")).ToHaveCSSAsync("outline-style", "none");
        await Expect(alice.Conversation.Locator(".bubble")).ToHaveCSSAsync("border-top-style", "solid");
        await Expect(alice.Page.Locator(".dot")).ToHaveCSSAsync("forced-color-adjust", "none");
        await alice.ShowAsync("forced-colours");
    }

    private static Task IsCleanAsync(PersonAtBrowser person, string name) => Axe.FindsNothingAsync(person.Page, name);
}
