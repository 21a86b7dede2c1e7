using Google.Protobuf;

namespace ChatDemo.Smoke;

/// <summary>
/// The story of Alice, Bob and Carol, told as requests to the gateway. Each chapter has its own file.
/// </summary>
internal sealed partial class Conversation(SmokeClient client, SocketAddresses addresses, Func<string, Func<Task>, Task> step)
    : IDisposable
{
    // Tags make names and phone numbers new, so that a second run on the same data folder tells the same story.
    private static readonly string Tag = Random.Shared.Next(100_000, 1_000_000).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private readonly Person _alice = new(client, $"alice-{Tag}", $"13800{Tag}");
    private readonly Person _bob = new(client, $"bob-{Tag}", $"13900{Tag}");
    private readonly Person _carol = new(client, $"carol-{Tag}", $"13700{Tag}");
    private readonly Dictionary<string, string> _codes = [];

    private string _aliceAndBob = "";
    private string _group = "";
    private string _club = "";

    private IEnumerable<Person> Everybody => [_alice, _bob, _carol];

    /// <summary>Stands for the text message on someone's phone.</summary>
    public void ReceiveCode(string phone, string code) => _codes[phone] = code;

    public async Task PlayAsync()
    {
        await AccountsAsync();
        await SocketsAsync();
        await ProfilesAsync();
        await FriendsAsync();
        await MessagesAsync();
        await GroupAsync();
        await MembersAsync();
        await FilesAsync();
        await RefusalsAsync();
        await FarewellAsync();
        await LastEventsAsync();
        await step("every one of the 29 paths was called", CheckPaths);
    }

    public void Dispose()
    {
        foreach (var person in Everybody)
        {
            person.Dispose();
        }
    }

    private Task CheckPaths()
    {
        Expect.Equal(29, Api.Paths.Count(), "number of paths");
        foreach (var path in Api.Paths)
        {
            Console.WriteLine($"     {(client.CalledPaths.Contains(path) ? "called" : "MISSED")}  {path}");
        }

        Expect.Same(Api.Paths, client.CalledPaths, "called paths");
        return Task.CompletedTask;
    }

    private static ByteString Bytes(string text) => ByteString.CopyFromUtf8(text);
}
