using Gateway.Proxy;
using Gateway.Proxy.Routing;
using Gateway.Tests.Notify;
using Gateway.Tests.Proxy.Hosting;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional.Family;

/// <summary>
/// A deployment that differs from the wire contract: a gateway with the files of its folder and nothing else, a sub-service for all of its clusters,
/// and sockets of Alice, Bob and Carol.
/// </summary>
internal abstract class FamilyTest(string deployment)
{
    protected static readonly string[] Users = ["alice", "bob", "carol"];
    private static readonly byte[] End = HubFixture.Removed("the end").ToByteArray();

    protected StubSubService Service { get; private set; } = null!;

    protected HubFixture Hub { get; private set; } = null!;

    protected virtual string Routes => Path.Combine(RepositoryFolder.Path, "Gateway.Tests", "Functional", "Family", deployment, "yarp.json");

    [OneTimeSetUp]
    public virtual async Task StartAsync()
    {
        Service = await StartServiceAsync();
        Hub = await HubFixture.StartAsync(await SettingsAsync(), subService: Service.Address);
    }

    [TearDown]
    public Task CloseAsync() => Eventually.That(() => Users.Sum(Hub.SocketsOf) == 0, "a socket of the test is still open");

    [OneTimeTearDown]
    public virtual async Task StopAsync()
    {
        await Hub.DisposeAsync();
        await Service.DisposeAsync();
    }

    [Test]
    public void Files_AreValid() => Assert.That(Validate(Routes)[^1], Is.EqualTo("ok"));

    protected static string[] Validate(string file)
    {
        using var output = new StringWriter();
        ValidateCommand.Run([file], output, output);
        return output.ToString().TrimEnd().Split(Environment.NewLine);
    }

    protected virtual Task<StubSubService> StartServiceAsync() => StubSubService.StartAsync();

    /// <summary>What the surroundings decide, and no deployment.</summary>
    protected virtual Task<Dictionary<string, string?>> SettingsAsync() =>
        Task.FromResult(new Dictionary<string, string?> { [RouteFile.Setting] = Routes });

    protected Task<TAnswer> CallAsync<TAnswer>(string path, IMessage request)
        where TAnswer : IMessage<TAnswer>, new() =>
        Hub.Gateway.CallAsync<TAnswer>(path, request).DefaultTimeout();

    /// <summary>What the sub-service was asked last, by method.</summary>
    protected TRequest Asked<TRequest>(string rpc)
        where TRequest : IMessage<TRequest>, new() =>
        new MessageParser<TRequest>(() => new TRequest()).ParseFrom(Service.Calls.Last(call => call.Path == '/' + rpc).Message);

    protected static async Task<TEvent> ReceiveAsync<TEvent>(NotifyClient client)
        where TEvent : IMessage<TEvent>, new() =>
        new MessageParser<TEvent>(() => new TEvent()).ParseFrom(await client.ReceiveRawAsync());

    /// <summary>That a user was told no more than has been read.</summary>
    protected async Task AssertNoMoreAsync(NotifyClient client, string user)
    {
        await Hub.PublishAsync([user], HubFixture.Removed("the end"));
        Assert.That(await client.ReceiveRawAsync(), Is.EqualTo(End), $"'{user}' was told more");
    }
}
