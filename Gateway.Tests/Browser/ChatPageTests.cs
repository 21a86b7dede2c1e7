using Gateway.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Gateway.Tests.Browser;

/// <summary>The demo's page, used as people use it, against a real gateway.</summary>
[TestFixture]
[Servers]
internal sealed class ChatPageTests : ChatPageTest
{
    [Test]
    public async Task Page_TwoPeople_BecomeFriendsTalkAndPart()
    {
        var alice = Joined(await Browser.OpenAsync());
        await alice.RegisterAsync("Alice");
        var bob = await RegisteredAsync("Bob");

        await alice.AskAsync(bob);
        await Expect(bob.Tab("Friends").Locator(".badge")).ToContainTextAsync("1 friend requests");
        await bob.Tab("Friends").ClickAsync();
        await bob.ShowAsync("request");
        await bob.Button("Accept").ClickAsync();
        await Expect(bob.Tab("Friends").Locator(".badge")).ToHaveCountAsync(0);

        await alice.OpenChatAsync(bob.Nickname);
        await alice.WriteAsync("Hello <b>Bob</b>");
        await Expect(bob.Tab("Chats").Locator(".badge")).ToContainTextAsync("1 unread");
        await bob.OpenChatAsync(alice.Nickname);
        await bob.SeesAsync("Hello <b>Bob</b>");
        await bob.WriteAsync("你好，Alice");
        await alice.SeesAsync("你好，Alice");
        await alice.ShowAsync("chat");

        await alice.Page.ReloadAsync();
        await Expect(alice.Light).ToHaveTextAsync("Online");
        await alice.OpenChatAsync(bob.Nickname);
        await alice.SeesAsync("你好，Alice");
        await alice.Button("Search messages").ClickAsync();
        await alice.Page.GetByLabel("Word to search for").FillAsync("hello");
        await alice.Page.Keyboard.PressAsync("Enter");
        await Expect(alice.Page.GetByText("1 message", new() { Exact = true })).ToBeVisibleAsync();

        await bob.Tab("Friends").ClickAsync();
        await bob.Button("Remove").ClickAsync();
        await bob.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();
        await Expect(bob.Button("Remove")).ToHaveCountAsync(0);
        await Expect(alice.Page.GetByText($"{bob.Nickname} ended your friendship.")).ToBeVisibleAsync();
        await Expect(alice.Chat(bob.Nickname)).ToHaveCountAsync(0);
    }

    [Test]
    public async Task Page_GroupWithImageAndFile_ShowsBothToTheOther()
    {
        var (alice, bob) = await FriendsAsync();
        await OpenGroupAsync(alice, bob, "Picnic");
        await bob.OpenChatAsync("Picnic");

        await alice.Page.GetByLabel("Send an image").Last.SetInputFilesAsync(new FilePayload { Name = "dot.png", MimeType = "image/png", Buffer = Png });
        await Expect(bob.Conversation.GetByRole(AriaRole.Button, new() { Name = "Open image" })).ToBeVisibleAsync();
        await alice.Page.GetByLabel("Send a file").Last.SetInputFilesAsync(new FilePayload { Name = "list.txt", MimeType = "text/plain", Buffer = "bread"u8.ToArray() });
        var download = await bob.Page.RunAndWaitForDownloadAsync(() => bob.Page.GetByRole(AriaRole.Button, new() { Name = "Download list.txt" }).ClickAsync());
        await alice.Page.GetByLabel("Send an image").Last.SetInputFilesAsync(new FilePayload { Name = "no.png", MimeType = "image/png", Buffer = "text"u8.ToArray() });
        await Expect(alice.Page.GetByText("no.png is no picture. Only PNG, JPEG, GIF and WebP pictures can be sent as images.")).ToBeVisibleAsync();
        await Expect(bob.Conversation.Locator("li.message").Last).ToContainTextAsync("list.txt");
        await bob.ShowAsync("group");

        Assert.That(download.SuggestedFilename, Is.EqualTo("list.txt"));
        Assert.That(await File.ReadAllTextAsync((await download.PathAsync())!), Is.EqualTo("bread"));
    }

    [Test]
    public async Task Page_MemberAddedToAGroup_IsToldToTheOthersAndHasTheGroup()
    {
        var (alice, bob) = await FriendsAsync();
        var carol = await RegisteredAsync("Carol");
        await BefriendAsync(alice, carol);
        await OpenGroupAsync(alice, bob, "Book club");
        await alice.WriteAsync("Who else would like to read along?");
        await bob.OpenChatAsync("Book club");
        await bob.Button("2 members").ClickAsync();

        await alice.Button("Add members").ClickAsync();
        await alice.Button("Add").ClickAsync();
        await Expect(alice.Page.GetByText("Pick at least one friend.")).ToBeVisibleAsync();
        await Expect(alice.Page.GetByRole(AriaRole.Checkbox)).ToHaveCountAsync(1);
        await alice.Page.GetByRole(AriaRole.Checkbox, new() { Name = carol.Nickname }).CheckAsync();
        await Expect(alice.Page.GetByText("Pick at least one friend.")).ToHaveCountAsync(0);
        await alice.ShowAsync("add-members");
        await alice.Button("Add").ClickAsync();

        await Expect(bob.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Listitem).Last).ToContainTextAsync(carol.Nickname);
        await bob.Button("Close").ClickAsync();
        await bob.SeesAsync($"{carol.Nickname} was added by {alice.Nickname}");
        await Expect(bob.Button("3 members")).ToBeVisibleAsync();
        await alice.SeesAsync($"{carol.Nickname} was added by you");
        await carol.OpenChatAsync("Book club");
        await carol.WriteAsync("I would!");
        await bob.SeesAsync("I would!");
        await bob.Page.SetViewportSizeAsync(1280, 720);
        await bob.ShowAsync("member-added");
        await bob.Page.SetViewportSizeAsync(390, 780);
        await bob.ShowAsync("narrow-member-added");

        await alice.Button("Add members").ClickAsync();
        await Expect(alice.Page.GetByText("All your friends are in this group.")).ToBeVisibleAsync();
        await alice.Page.SetViewportSizeAsync(390, 780);
        await alice.ShowAsync("narrow-nobody-to-add");
    }

    [TestCase("en-US", "Nickname", "Password", "Log in", "Nickname or password is wrong.", "A password must be 6 to 32 characters long.")]
    [TestCase("zh-CN", "昵称", "密码", "登录", "昵称或密码错误。", "密码长度须为 6 到 32 个字符。")]
    public async Task Login_Mistakes_AreToldInTheUsersLanguage(
        string locale, string nickname, string password, string logIn, string wrong, string tooShort)
    {
        var person = Joined(await Browser.OpenAsync(configure: options => options.Locale = locale));
        await person.Page.GetByLabel(nickname).FillAsync("nobody");
        await person.Button(logIn).ClickAsync();
        await Expect(person.Page.GetByText(tooShort)).ToBeVisibleAsync();
        await person.Page.GetByLabel(password).FillAsync("wrong horse");
        await person.Button(logIn).ClickAsync();
        await Expect(person.Page.GetByText(wrong)).ToBeVisibleAsync();
    }

    [Test]
    public async Task Session_EndedWhilePageIsOpen_GoesOnAfterThePassword()
    {
        var (alice, bob) = await FriendsAsync();
        await alice.OpenChatAsync(bob.Nickname);
        var session = await SessionAsync(alice);
        // Any earlier, and another call or the socket could show the dialog, which takes the keys that are to write and send.
        await alice.Page.RouteAsync("**/service/message_transmit/new_message", async route =>
        {
            Browser.Demo.Sessions.Remove(session);
            await route.ContinueAsync();
        }, new() { Times = 1 });

        await alice.WriteAsync("are you there?");
        await Expect(alice.Page.GetByText("Not sent yet.")).ToBeVisibleAsync();
        await Expect(alice.Page.GetByText("Your session has ended. Log in again.")).ToBeVisibleAsync();
        await alice.ShowAsync("session-ended");
        await alice.Page.GetByLabel("Password").FillAsync(PersonAtBrowser.Password);
        await alice.Page.Keyboard.PressAsync("Enter");
        await bob.OpenChatAsync(alice.Nickname);
        await bob.SeesAsync("are you there?");
        await bob.WriteAsync("always");
        await alice.SeesAsync("always");
    }

    [Test]
    public async Task Session_EndedBeforeReload_AsksToLogInWithTheGatewaysSentence()
    {
        var alice = await RegisteredAsync("Alice");
        Browser.Demo.Sessions.Remove(await SessionAsync(alice));

        await alice.Page.ReloadAsync();

        await Expect(alice.Button("Log in")).ToBeVisibleAsync();
        await Expect(alice.Page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "." })).ToContainTextAsync("log in");
    }

    [Test]
    public async Task Gateway_Restarted_IsSurvivedWithoutReload()
    {
        NetworkFails = true;
        var (alice, bob) = await FriendsAsync();
        await alice.OpenChatAsync(bob.Nickname);

        await Browser.Demo.RestartGatewayAsync().DefaultTimeout();
        await Expect(alice.Light).ToHaveTextAsync("Back online, lists loaded again");
        await Expect(bob.Light).ToHaveTextAsync("Back online, lists loaded again");
        await alice.WriteAsync("still here");

        await bob.OpenChatAsync(alice.Nickname);
        await bob.SeesAsync("still here");
    }

    [Test]
    public async Task Socket_Broken_FetchesWhatWasMissed()
    {
        IWebSocketRoute? socket = null;
        var bob = await RegisteredAsync("Bob", page => page.RouteWebSocketAsync(_ => true, route =>
        {
            socket = route;
            route.ConnectToServer();
        }));
        var alice = await RegisteredAsync("Alice");
        await BefriendAsync(alice, bob);
        await alice.OpenChatAsync(bob.Nickname);
        await bob.OpenChatAsync(alice.Nickname);

        await socket!.CloseAsync(new() { Code = 4450, Reason = "slow-consumer" });
        await Expect(bob.Light).ToHaveTextAsync("Reconnecting …");
        await alice.WriteAsync("did you get this?");

        await bob.SeesAsync("did you get this?");
        await Expect(bob.Light).ToContainTextAsync("Back online");
    }

    [Test]
    public async Task Page_NarrowAndDarkInChinese_ShowsOnePaneAtATime()
    {
        var (alice, bob) = await FriendsAsync();
        await alice.OpenChatAsync(bob.Nickname);
        await alice.WriteAsync("明天一起吃饭吗？");
        await alice.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await alice.Page.SetViewportSizeAsync(390, 780);
        await alice.Page.EvaluateAsync("localStorage.setItem('chat-demo-language', 'zh')");
        await alice.Page.ReloadAsync();

        await alice.Button("返回列表").ClickAsync();
        await Expect(alice.Light).ToHaveTextAsync("在线");
        await Expect(alice.Conversation).ToBeHiddenAsync();
        await alice.ShowAsync("narrow-list");
        await alice.Chat(bob.Nickname).ClickAsync();
        await Expect(alice.Page.Locator(".sidebar")).ToBeHiddenAsync();
        await alice.SeesAsync("明天一起吃饭吗？");
        await alice.ShowAsync("narrow-chat");
        await alice.Button("返回列表").ClickAsync();
        await Expect(alice.Chat(bob.Nickname)).ToBeVisibleAsync();
    }
}
