using ChatDemo.Smoke;
using Gateway.Protocol;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Gateway.Tests.Browser;

/// <summary>A test of the demo's page: people who use it, each in a browser of their own, against a real gateway.</summary>
internal abstract class ChatPageTest
{
    /// <summary>A picture of one pixel.</summary>
    protected static readonly byte[] Png = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==");

    private readonly List<PersonAtBrowser> _people = [];

    protected BrowserFixture Browser { get; private set; } = null!;

    /// <summary>The test breaks the network, of which the browser's console tells in red.</summary>
    protected bool NetworkFails { get; set; }

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        // Five browsers and demos may start at a time, on two cores.
        SetDefaultExpectTimeout(30_000);
        Browser = await BrowserFixture.StartAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await Browser.DisposeAsync();

    [TearDown]
    public async Task LeaveAsync()
    {
        var complaints = _people.SelectMany(person => person.Complaints).ToList();
        foreach (var person in _people)
        {
            await person.Page.Context.CloseAsync();
        }

        _people.Clear();
        if (!NetworkFails)
        {
            Assert.That(complaints, Is.Empty, "What the browser's console shows in red");
        }

        NetworkFails = false;
    }

    protected PersonAtBrowser Joined(PersonAtBrowser person)
    {
        _people.Add(person);
        return person;
    }

    /// <summary>Somebody new at a page of their own.</summary>
    protected async Task<PersonAtBrowser> RegisteredAsync(string name, Func<IPage, Task>? prepare = null) =>
        await LoggedInAsync(await Browser.RegisterAsync(name), prepare);

    protected async Task<(PersonAtBrowser Alice, PersonAtBrowser Bob)> FriendsAsync(string alice = "Alice", string bob = "Bob")
    {
        var (first, second) = (await Browser.RegisterAsync(alice), await Browser.RegisterAsync(bob));
        await BefriendAsync(first, second);
        var people = await Task.WhenAll(LoggedInAsync(first), LoggedInAsync(second));
        await KnowEachOtherAsync(people[0], people[1]);
        return (people[0], people[1]);
    }

    protected static async Task BefriendAsync(PersonAtBrowser alice, PersonAtBrowser bob)
    {
        await BefriendAsync(alice.Person, bob.Person);
        await KnowEachOtherAsync(alice, bob);
    }

    protected static async Task CreateGroupAsync(PersonAtBrowser alice, PersonAtBrowser bob, string name)
    {
        await alice.Tab("Chats").ClickAsync();
        await alice.Button("+ New group").ClickAsync();
        await alice.Page.GetByLabel("Group name").FillAsync(name);
        await alice.Page.GetByRole(AriaRole.Checkbox, new() { Name = bob.Nickname }).CheckAsync();
        await alice.Button("Create").ClickAsync();
    }

    protected static async Task OpenGroupAsync(PersonAtBrowser alice, PersonAtBrowser bob, string name)
    {
        await CreateGroupAsync(alice, bob, name);
        await alice.OpenChatAsync(name);
    }

    private static async Task BefriendAsync(Person alice, Person bob)
    {
        await alice.CallAsync(Api.AddFriendApply, new FriendAddReq { RespondentId = bob.UserId });
        await bob.CallAsync(Api.AddFriendProcess, new FriendAddProcessReq { ApplyUserId = alice.UserId, Agree = true });
    }

    private static async Task KnowEachOtherAsync(PersonAtBrowser alice, PersonAtBrowser bob)
    {
        await Expect(alice.Chat(bob.Nickname)).ToBeVisibleAsync();
        await Expect(bob.Chat(alice.Nickname)).ToBeVisibleAsync();
    }

    private async Task<PersonAtBrowser> LoggedInAsync(Person person, Func<IPage, Task>? prepare = null)
    {
        var browser = Joined(await Browser.OpenAsync(person, prepare: prepare));
        await Expect(browser.Light).ToHaveTextAsync("Online");
        return browser;
    }

    protected static Task<string> SessionAsync(PersonAtBrowser person) =>
        person.Page.EvaluateAsync<string>("localStorage.getItem('chat-demo-session')");
}
