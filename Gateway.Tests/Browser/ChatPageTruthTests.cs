using Gateway.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Gateway.Tests.Browser;

/// <summary>What the page shows is so: across reloads, in several tabs, and while the network fails.</summary>
[TestFixture]
[Servers]
internal sealed class ChatPageTruthTests : ChatPageTest
{
    private const string Send = "**/service/message_transmit/new_message";

    [Test]
    public async Task Unread_SurvivesAReload_AndCountsWhatCameWhileLoggedOut()
    {
        var (alice, bob) = await FriendsAsync();
        await bob.Tab("Chats").ClickAsync();
        await alice.OpenChatAsync(bob.Nickname);
        await alice.WriteAsync("one");
        await alice.WriteAsync("two");
        await Expect(bob.Chat(alice.Nickname)).ToContainTextAsync("2 unread");

        await bob.Page.ReloadAsync();
        await Expect(bob.Chat(alice.Nickname)).ToContainTextAsync("2 unread");
        await bob.OpenChatAsync(alice.Nickname);
        await bob.SeesAsync("two");
        await Expect(bob.Chat(alice.Nickname)).Not.ToContainTextAsync("unread");

        await LogOutAsync(bob);
        await alice.WriteAsync("three");
        await alice.SeesAsync("three");
        await bob.FillLoginAsync(bob.Nickname, PersonAtBrowser.Password);
        await bob.Button("Log in").ClickAsync();
        await Expect(bob.Light).ToHaveTextAsync("Online");
        await Expect(bob.Chat(alice.Nickname)).ToContainTextAsync("1 unread");
        await bob.ShowAsync("unread");
    }

    [Test]
    public async Task SecondTab_ShowsWhatTheFirstWritesReadsAndAnswers_AndLogsOutWithIt()
    {
        var (alice, bob) = await FriendsAsync();
        var carol = await RegisteredAsync("Carol");
        var second = new PersonAtBrowser(await bob.Page.Context.NewPageAsync());
        await second.Page.GotoAsync(bob.Page.Url);
        await alice.OpenChatAsync(bob.Nickname);
        await second.OpenChatAsync(alice.Nickname);
        await bob.OpenChatAsync(alice.Nickname);

        await bob.WriteAsync("first");
        await second.SeesAsync("first");
        await alice.WriteAsync("second");
        await bob.SeesAsync("second");
        await bob.WriteAsync("third");
        await Expect(second.Texts).ToHaveTextAsync(["first", "second", "third"]);
        await Expect(second.Chat(alice.Nickname)).ToContainTextAsync("You: third");

        await carol.AskAsync(bob);
        await Expect(second.Tab("Friends").Locator(".badge")).ToBeVisibleAsync();
        await bob.Tab("Friends").ClickAsync();
        await bob.Button("Accept").ClickAsync();
        await Expect(second.Tab("Friends").Locator(".badge")).ToHaveCountAsync(0);

        await LogOutAsync(bob);
        await Expect(second.Button("Log in")).ToBeVisibleAsync();
        await bob.FillLoginAsync(bob.Nickname, PersonAtBrowser.Password);
        await bob.Button("Log in").ClickAsync();
        await Expect(second.Light).ToHaveTextAsync("Online");
        Assert.That(second.Complaints, Is.Empty);
    }

    [Test]
    public async Task Message_ThatComesWhileTheChatIsFetched_IsInIt()
    {
        var (alice, bob) = await FriendsAsync();
        await alice.OpenChatAsync(bob.Nickname);
        await bob.Tab("Chats").ClickAsync();
        // The answer is made before the message is sent, and comes when the page has heard of it.
        await bob.Page.RouteAsync("**/service/message_storage/get_recent", async route =>
        {
            var answer = await route.FetchAsync();
            await alice.WriteAsync("meanwhile");
            await Expect(bob.Chat(alice.Nickname)).ToContainTextAsync("meanwhile");
            await route.FulfillAsync(new() { Response = answer });
        }, new() { Times = 1 });

        await bob.OpenChatAsync(alice.Nickname);

        await bob.SeesAsync("meanwhile");
    }

    [Test]
    public async Task Network_Gone_IsSeenAtOnce_AndWhatWasWrittenGoesOutInOrderLater()
    {
        NetworkFails = true;
        var (alice, bob) = await FriendsAsync();
        await bob.OpenChatAsync(alice.Nickname);
        await alice.OpenChatAsync(bob.Nickname);

        await alice.Page.Context.SetOfflineAsync(true);
        await Expect(alice.Light).ToHaveTextAsync("Reconnecting …");
        foreach (var text in new[] { "first", "second", "third" })
        {
            await alice.WriteAsync(text);
        }

        await Expect(alice.Page.GetByText("Not sent yet. It goes out by itself once you are connected again.")).ToHaveCountAsync(3);
        await alice.ShowAsync("held");
        await alice.Page.Context.SetOfflineAsync(false);

        await Expect(bob.Texts).ToHaveTextAsync(["first", "second", "third"]);
        await Expect(alice.Texts).ToHaveTextAsync(["first", "second", "third"]);
        await Expect(alice.Conversation.Locator(".outgoing")).ToHaveCountAsync(0);
    }

    [Test]
    public async Task Send_FailedWithALiveSocket_IsSeenAndTriedAgain()
    {
        NetworkFails = true;
        var (alice, bob) = await FriendsAsync();
        await alice.OpenChatAsync(bob.Nickname);
        await alice.Page.RouteAsync(Send, route => route.AbortAsync());

        await alice.WriteAsync("still there?");
        await Expect(alice.Light).ToHaveTextAsync("Reconnecting …");
        await alice.Page.UnrouteAsync(Send);

        await bob.OpenChatAsync(alice.Nickname);
        await bob.SeesAsync("still there?");
    }

    [Test]
    public async Task Send_TakenButNotAnswered_IsNotSentTwice()
    {
        NetworkFails = true;
        var (alice, bob) = await FriendsAsync();
        await alice.OpenChatAsync(bob.Nickname);
        await alice.WriteAsync("again");
        await alice.SeesAsync("again");
        await alice.Page.RouteAsync(Send, async route =>
        {
            await route.FetchAsync();
            await route.AbortAsync();
        }, new() { Times = 1 });

        await alice.WriteAsync("again");
        await Expect(alice.Conversation.Locator(".outgoing")).ToHaveCountAsync(0);
        await alice.WriteAsync("last");

        await bob.OpenChatAsync(alice.Nickname);
        await Expect(bob.Texts).ToHaveTextAsync(["again", "again", "last"]);
    }

    [Test]
    public async Task Send_Fast_KeepsTheOrder()
    {
        var (alice, bob) = await FriendsAsync();
        await alice.OpenChatAsync(bob.Nickname);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await alice.Page.RouteAsync(Send, async route =>
        {
            await gate.Task.DefaultTimeout();
            await route.ContinueAsync();
        }, new() { Times = 1 });

        await alice.WriteAsync("slow");
        await alice.WriteAsync("fast");
        await Expect(alice.Conversation.Locator(".outgoing")).ToHaveCountAsync(2);
        gate.SetResult();

        await bob.OpenChatAsync(alice.Nickname);
        await Expect(bob.Texts).ToHaveTextAsync(["slow", "fast"]);
    }

    private static async Task LogOutAsync(PersonAtBrowser person)
    {
        await person.Page.Locator("button.me").ClickAsync();
        await person.Button("Log out").ClickAsync();
        await Expect(person.Button("Log in")).ToBeVisibleAsync();
    }
}
