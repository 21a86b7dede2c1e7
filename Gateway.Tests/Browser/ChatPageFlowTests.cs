using System.Collections.Concurrent;
using ChatDemo.Members.Protocol;
using Gateway.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Gateway.Tests.Browser;

/// <summary>One thing leads to the next, without a click in between.</summary>
[TestFixture]
[Servers]
internal sealed class ChatPageFlowTests : ChatPageTest
{
    private const string IsAtEnd = """
        () => {
          const messages = document.querySelector('.messages');
          return messages.scrollHeight > messages.clientHeight && messages.scrollHeight - messages.scrollTop - messages.clientHeight < 2;
        }
        """;

    // High enough that two do not fit.
    private const string DrawPicture = """
        () => {
          const canvas = document.createElement('canvas');
          canvas.width = 300;
          canvas.height = 900;
          canvas.getContext('2d').fillRect(20, 20, 260, 860);
          return canvas.toDataURL('image/png').split(',')[1];
        }
        """;

    [Test]
    public async Task Composer_HasTheFocus_AfterOpeningAChatAndSendingAFile()
    {
        var (alice, bob) = await FriendsAsync();
        await alice.OpenChatAsync(bob.Nickname);
        await Expect(Composer(alice)).ToBeFocusedAsync();

        await alice.Button("Send a file").FocusAsync();
        await alice.Page.GetByLabel("Send a file").Last.SetInputFilesAsync(new FilePayload { Name = "a.txt", MimeType = "text/plain", Buffer = "a"u8.ToArray() });

        await Expect(Composer(alice)).ToBeFocusedAsync();
    }

    [Test]
    public async Task Typing_IsShownToTheOther_UntilTheMessageComes()
    {
        var (alice, bob) = await FriendsAsync();
        await bob.OpenChatAsync(alice.Nickname);
        await alice.OpenChatAsync(bob.Nickname);

        await Composer(alice).FillAsync("On my way");
        await Expect(bob.Conversation.Locator(".typing")).ToHaveTextAsync("is typing …");
        var told = await alice.Page.RunAndWaitForRequestAsync(() => Composer(alice).FillAsync(""), request => IsTyping(request) is not null);
        Assert.That(IsTyping(told), Is.False, "Nothing is left of what was written");

        await Composer(alice).FillAsync("On my way");
        await alice.Page.Keyboard.PressAsync("Enter");
        await Expect(bob.Texts.Last).ToHaveTextAsync("On my way");
        await Expect(bob.Conversation.Locator(".typing")).ToBeEmptyAsync();
    }

    [Test]
    public async Task Typing_HeardAfterTheMessage_IsNotShown()
    {
        IWebSocketRoute? page = null;
        var held = new ConcurrentQueue<byte[]>();
        var isHeld = false;
        var bob = await RegisteredAsync("Bob", browser => browser.RouteWebSocketAsync(_ => true, route =>
        {
            page = route;
            route.ConnectToServer().OnMessage(frame =>
            {
                if (Volatile.Read(ref isHeld))
                {
                    held.Enqueue(frame.Binary!);
                }
                else
                {
                    route.Send(frame.Binary!);
                }
            });
        }));
        var alice = await RegisteredAsync("Alice");
        await BefriendAsync(alice, bob);
        await bob.OpenChatAsync(alice.Nickname);
        await alice.OpenChatAsync(bob.Nickname);
        await bob.Page.EvaluateAsync("""
            () => {
              window.seen = [];
              const typing = document.querySelector('.typing');
              new MutationObserver(() => seen.push(typing.textContent)).observe(typing, { childList: true });
            }
            """);

        Volatile.Write(ref isHeld, true);
        await alice.Page.RunAndWaitForResponseAsync(() => Composer(alice).FillAsync("On my way"), answer => IsTyping(answer.Request) == true);
        await alice.Page.Keyboard.PressAsync("Enter");
        await alice.SeesAsync("On my way");
        await Eventually.That(() => held.Count > 1);
        // It fetches the message before it hears of anything.
        await bob.Chat(alice.Nickname).ClickAsync();
        await bob.SeesAsync("On my way");
        Volatile.Write(ref isHeld, false);
        foreach (var frame in held)
        {
            page!.Send(frame);
        }

        // A file is sent without typing, and its event comes behind those that were held.
        await alice.Page.GetByLabel("Send a file").Last.SetInputFilesAsync(new FilePayload { Name = "a.txt", MimeType = "text/plain", Buffer = "a"u8.ToArray() });
        await Expect(bob.Conversation.GetByText("a.txt")).ToBeVisibleAsync();
        Assert.That(await bob.Page.EvaluateAsync<string[]>("() => seen"), Is.All.Empty);
    }

    [Test]
    public async Task Newcomer_WithoutChats_IsSentToTheFriends()
    {
        var alice = await RegisteredAsync("Alice");
        await Expect(alice.Conversation).ToHaveTextAsync("A chat opens here once you have one.");
        await alice.ShowAsync("newcomer");

        await alice.Button("No chats yet. Find a friend first.").ClickAsync();

        await Expect(alice.Tab("Friends")).ToHaveAttributeAsync("aria-selected", "true");
        await Expect(alice.Page.GetByLabel("Find people")).ToBeFocusedAsync();
    }

    [Test]
    public async Task Group_Created_IsOpen()
    {
        var (alice, bob) = await FriendsAsync();

        await CreateGroupAsync(alice, bob, "Climbing");

        await Expect(alice.Conversation.GetByRole(AriaRole.Heading, new() { Name = "Climbing" })).ToBeVisibleAsync();
        await Expect(Composer(alice)).ToBeFocusedAsync();
        await bob.Tab("Chats").ClickAsync();
        await Expect(bob.Chat("Climbing")).ToHaveCountAsync(1);
        await Expect(bob.Page.GetByText("Pick a chat on the left.")).ToBeVisibleAsync();
    }

    [Test]
    public async Task Messages_ThatComeWhileScrolledUp_AreCountedOnAButton()
    {
        var (alice, bob) = await FriendsAsync();
        await alice.OpenChatAsync(bob.Nickname);
        await bob.OpenChatAsync(alice.Nickname);
        await bob.WriteAsync(string.Join('\n', Enumerable.Range(1, 60)));
        await alice.Page.WaitForFunctionAsync(IsAtEnd);
        await alice.Page.Locator(".messages").HoverAsync();
        await alice.Page.Mouse.WheelAsync(0, -600);
        await alice.Page.WaitForFunctionAsync($"() => !({IsAtEnd})()");

        await bob.WriteAsync("one");
        await bob.WriteAsync("two");
        await Expect(alice.Button("2 new messages")).ToBeVisibleAsync();
        await alice.ShowAsync("new-messages");
        await alice.Button("2 new messages").ClickAsync();

        await Expect(alice.Conversation.GetByText("two", new() { Exact = true })).ToBeInViewportAsync();
        await Expect(alice.Page.Locator(".news")).ToBeHiddenAsync();
        await bob.WriteAsync("three");
        await Expect(alice.Conversation.GetByText("three", new() { Exact = true })).ToBeInViewportAsync();
    }

    [Test]
    public async Task Pictures_TwoAtOnce_EndAtTheBottom()
    {
        var (alice, bob) = await FriendsAsync();
        await alice.OpenChatAsync(bob.Nickname);
        await bob.OpenChatAsync(alice.Nickname);
        var picture = Convert.FromBase64String(await alice.Page.EvaluateAsync<string>(DrawPicture));
        var files = new[] { "a.png", "b.png" }.Select(name => new FilePayload { Name = name, MimeType = "image/png", Buffer = picture });

        await alice.Page.GetByLabel("Send an image").Last.SetInputFilesAsync(files);

        foreach (var person in new[] { alice, bob })
        {
            await Expect(person.Conversation.GetByRole(AriaRole.Button, new() { Name = "Open image" })).ToHaveCountAsync(2);
            await person.Page.WaitForFunctionAsync(IsAtEnd);
        }

        await alice.Page.SetViewportSizeAsync(390, 500);
        await alice.Page.WaitForFunctionAsync(IsAtEnd);
    }

    [Test]
    public async Task Asked_AfterRefusalAsksAgain_AfterAcceptanceIsGone()
    {
        var (alice, bob) = (await RegisteredAsync("Alice"), await RegisteredAsync("Bob"));
        await alice.AskAsync(bob);
        await bob.Tab("Friends").ClickAsync();
        await bob.Button("Refuse").ClickAsync();

        await alice.Button("Add").ClickAsync();
        await Expect(alice.Button("Asked")).ToBeVisibleAsync();
        await bob.Button("Accept").ClickAsync();

        await Expect(alice.Button("Message")).ToBeVisibleAsync();
        await Expect(alice.Page.GetByRole(AriaRole.Listitem).Filter(new() { HasText = bob.Nickname })).ToHaveCountAsync(1);
    }

    [Test]
    public async Task Chats_AreSortedByWhatHappenedLast()
    {
        var (alice, bob) = await FriendsAsync();
        var carol = await RegisteredAsync("Carol");
        await BefriendAsync(alice, carol);
        await CreateGroupAsync(alice, bob, "Nothing yet");
        await ShowsAsync("Nothing yet", carol.Nickname, bob.Nickname);

        await alice.OpenChatAsync(bob.Nickname);
        await alice.WriteAsync("to Bob");
        await ShowsAsync(bob.Nickname, "Nothing yet", carol.Nickname);
        await carol.OpenChatAsync(alice.Nickname);
        await carol.WriteAsync("to Alice");
        await ShowsAsync(carol.Nickname, bob.Nickname, "Nothing yet");

        Task ShowsAsync(params string[] names) =>
            Expect(alice.Page.Locator("#panel-chats li")).ToContainTextAsync(names);
    }

    [Test]
    public async Task OpenChat_IsKeptByAReload_AndClosedByBack()
    {
        var (alice, bob) = await FriendsAsync();
        await alice.Page.SetViewportSizeAsync(390, 780);
        await alice.OpenChatAsync(bob.Nickname);
        await alice.WriteAsync("hello");
        await alice.SeesAsync("hello");

        await alice.Page.ReloadAsync();
        await alice.SeesAsync("hello");
        await alice.Page.GoBackAsync();
        await Expect(alice.Chat(bob.Nickname)).ToBeVisibleAsync();
        await alice.Page.GoForwardAsync();
        await alice.SeesAsync("hello");
        await alice.Button("Back to the list").ClickAsync();
        await Expect(alice.Chat(bob.Nickname)).ToBeVisibleAsync();

        await alice.Page.ReloadAsync();
        await Expect(alice.Light).ToHaveTextAsync("Online");
        await Expect(alice.Chat(bob.Nickname)).ToBeVisibleAsync();
    }

    [Test]
    public async Task Unfriended_WhileWriting_KeepsWhatWasWritten()
    {
        var (alice, bob) = await FriendsAsync();
        await alice.OpenChatAsync(bob.Nickname);
        await Composer(alice).FillAsync("Dear Bob, about yesterday");

        await bob.Tab("Friends").ClickAsync();
        await bob.Button("Remove").ClickAsync();
        await bob.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();

        await Expect(alice.Page.GetByText("This chat has ended. What you wrote is still here to be copied.")).ToBeVisibleAsync();
        await Expect(Composer(alice)).ToHaveValueAsync("Dear Bob, about yesterday");
        await Expect(alice.Button("Send")).ToBeDisabledAsync();
        await Expect(alice.Chat(bob.Nickname)).ToHaveCountAsync(0);
        await alice.ShowAsync("ended");
    }

    /// <summary>What the page says of its user; null if the call is another one.</summary>
    private static bool? IsTyping(IRequest request) =>
        request.Url.EndsWith("/set_typing", StringComparison.Ordinal) && request.Method == "POST" ? SetTypingReq.Parser.ParseFrom(request.PostDataBuffer).IsTyping : null;

    private static ILocator Composer(PersonAtBrowser person) => person.Page.GetByLabel("Write a message");
}
