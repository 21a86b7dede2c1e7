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
        SetDefaultExpectTimeout(15_000);
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

    protected async Task<PersonAtBrowser> RegisteredAsync(string name, Func<IPage, Task>? prepare = null)
    {
        var person = Joined(await Browser.OpenAsync(prepare: prepare));
        await person.RegisterAsync(name);
        return person;
    }

    protected async Task<(PersonAtBrowser Alice, PersonAtBrowser Bob)> FriendsAsync(string alice = "Alice", string bob = "Bob")
    {
        var people = await Task.WhenAll(RegisteredAsync(alice), RegisteredAsync(bob));
        await BefriendAsync(people[0], people[1]);
        return (people[0], people[1]);
    }

    protected static async Task BefriendAsync(PersonAtBrowser alice, PersonAtBrowser bob)
    {
        await alice.AskAsync(bob);
        await bob.Tab("Friends").ClickAsync();
        await bob.Button("Accept").ClickAsync();
        var row = alice.Page.GetByRole(AriaRole.Listitem).Filter(new() { HasText = bob.Nickname });
        await Expect(row.GetByRole(AriaRole.Button, new() { Name = "Message", Exact = true })).ToBeVisibleAsync();
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

    protected static Task<string> SessionAsync(PersonAtBrowser person) =>
        person.Page.EvaluateAsync<string>("localStorage.getItem('chat-demo-session')");
}
