using ChatDemo.Smoke;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Gateway.Tests.Browser;

/// <summary>Somebody who uses the chat page: what they do, and what their browser complained about.</summary>
internal sealed class PersonAtBrowser
{
    public const string Password = "correct horse";

    private readonly Person? _person;

    /// <param name="page">The page.</param>
    /// <param name="person">Who is logged in there; null for nobody.</param>
    public PersonAtBrowser(IPage page, Person? person = null)
    {
        Page = page;
        _person = person;
        Nickname = person?.Nickname ?? "";
        page.SetDefaultTimeout(30_000);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                Complaints.Enqueue(message.Text);
            }
        };
        page.PageError += (_, error) => Complaints.Enqueue(error);
    }

    public IPage Page { get; }

    public Person Person => _person ?? throw new InvalidOperationException("Nobody is logged in here.");

    public string Nickname { get; private set; }

    public System.Collections.Concurrent.ConcurrentQueue<string> Complaints { get; } = new();

    public ILocator Conversation => Page.Locator(".conversation");

    /// <summary>The texts of the open chat, oldest first.</summary>
    public ILocator Texts => Conversation.Locator(".message .text");

    public ILocator Light => Page.Locator(".light");

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public ILocator Tab(string name) => Page.GetByRole(AriaRole.Tab, new() { Name = name });

    /// <summary>The row of the chat list.</summary>
    public ILocator Chat(string name) => Page.Locator("#panel-chats").GetByRole(AriaRole.Button, new() { Name = name });

    /// <summary>As people do it; tests of anything else have it done by calls.</summary>
    public async Task RegisterAsync(string nickname)
    {
        Nickname = nickname;
        await Button("New here? Register").ClickAsync();
        await FillLoginAsync(nickname, Password);
        await Button("Register").ClickAsync();
        await Expect(Light).ToHaveTextAsync("Online");
    }

    public async Task FillLoginAsync(string nickname, string password)
    {
        await Page.GetByLabel("Nickname").FillAsync(nickname);
        await Page.GetByLabel("Password").FillAsync(password);
    }

    public async Task AskAsync(PersonAtBrowser other)
    {
        await Tab("Friends").ClickAsync();
        await Page.GetByLabel("Find people").FillAsync(other.Nickname);
        await Button("Find").ClickAsync();
        await Button("Add").ClickAsync();
        await Expect(Button("Asked")).ToBeVisibleAsync();
    }

    public async Task OpenChatAsync(string name)
    {
        await Tab("Chats").ClickAsync();
        await Chat(name).ClickAsync();
    }

    /// <summary>Writes with the keyboard alone.</summary>
    public async Task WriteAsync(string text)
    {
        await Page.GetByLabel("Write a message").FillAsync(text);
        await Page.Keyboard.PressAsync("Enter");
    }

    public Task SeesAsync(string text) => Expect(Conversation.GetByText(text, new() { Exact = true })).ToBeVisibleAsync();

    /// <summary>Leaves a picture of the page with the test's results.</summary>
    public Task ShowAsync(string name) => Axe.ShowAsync(Page, name);
}
