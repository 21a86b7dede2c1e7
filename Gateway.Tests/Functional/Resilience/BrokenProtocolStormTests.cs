using Gateway.Tests.Support;

namespace Gateway.Tests.Functional.Resilience;

/// <summary>Hundreds of calls to a sub-service that breaks HTTP/2 for each of them. Memory is measured, which is the whole process's.</summary>
[TestFixture]
[Category("Long")]
[NonParallelizable]
internal sealed class BrokenProtocolStormTests : BrokenProtocolTest
{
    /// <summary>Calls at a time. The client may open a connection for one that finds the others busy, and keeps it.</summary>
    private const int AtOnce = 16;

    public static IEnumerable<TestCaseData> Storms()
    {
        yield return Case("Resets", (connection, stream) => connection.ResetStreamAsync(stream, Http2Error.Internal), "sub-service-failed");
        yield return Case("ResetsUnread", (connection, stream) => connection.ResetStreamAsync(stream, Http2Error.RefusedStream), "no-instance");
        yield return Case("ResetsOfClosedStreams", async (connection, stream) =>
        {
            await connection.HeadersAsync(stream, isEnd: true, (":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "13"));
            await RepeatAsync(100, () => connection.ResetStreamAsync(stream, Http2Error.Cancel));
        }, "sub-service-failed");
        yield return Case("GoAway", (connection, _) => connection.GoAwayAsync(last: 0), "no-instance");
        // From here on, those calls are unsent that come when the connection is about to break.
        yield return Case("GoAwayAgainAndAgain", async (connection, stream) =>
        {
            await RepeatAsync(100, () => connection.GoAwayAsync(stream));
            connection.FinishSending();
        }, "sub-service-failed", "no-instance");
        yield return Case("HalfCloses", (connection, _) => Act(connection.FinishSending), "sub-service-failed", "no-instance");
        yield return Case("Noise", (connection, _) => connection.SendAsync(new byte[1000]), "sub-service-failed", "no-instance");

        static TestCaseData Case(string name, Func<FrameConnection, int, Task> answer, params string[] codes) =>
            new TestCaseData(answer, codes).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Storms))]
    public async Task Storm_HundredsOfCalls_EachIsOneOutcomeAndNothingIsLeft(Func<FrameConnection, int, Task> answer, string[] expected)
    {
        // A connection that stays holds several times as much.
        const int LeftByACall = 8 << 10;
        const int Calls = 200;
        await using var gateway = await StartGatewayAsync(keepsLog: false);
        Service.OnRequest = answer;
        await CallAsync(gateway, Calls);
        // What calls leave behind grows with each round of them. What tests before this one have left to be tidied up comes and goes once.
        long grown;
        var rounds = 5;
        do
        {
            var before = GC.GetTotalMemory(forceFullCollection: true);
            var codes = await CallAsync(gateway, Calls);
            Assert.That(codes.Distinct(), Is.SubsetOf(expected));
            await Eventually.That(() => Service.OpenConnections <= AtOnce, "No call leaves a connection behind");
            grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        }
        while (grown >= Calls * LeftByACall && --rounds > 0);

        Assert.That(grown, Is.LessThan(Calls * LeftByACall), "memory stays flat");
        await AssertServesAsync(AtOnce + 1);
    }

    [Test]
    public async Task Storm_OfGoAway_AnotherInstanceServesEveryCall()
    {
        await using var other = await StubSubService.StartAsync();
        await using var gateway = await StartGatewayAsync(settings: new()
        {
            ["ReverseProxy:Clusters:user:Destinations:other:Address"] = other.Address,
            ["ReverseProxy:Clusters:user:Metadata:RetryBudgetPercent"] = "100",
            ["ReverseProxy:Clusters:user:Metadata:EjectAfterFailures"] = "1000",
            ["ReverseProxy:Clusters:user:Metadata:EjectAtFailurePercent"] = "100",
        });
        Service.OnRequest = (connection, _) => connection.GoAwayAsync(last: 0);

        Assert.That(await CallAsync(gateway, 200), Has.All.Empty, "Some were being sent when their connection ended");

        Assert.That(Service.Requests, Is.Positive);
        Assert.That(other.Calls, Has.Count.EqualTo(200), "None was made twice");
    }

    private static async Task<string[]> CallAsync(GatewayFixture gateway, int count)
    {
        var codes = new string[count];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (i, _) => codes[i] = await CodeAsync(gateway));
        return codes;
    }
}
