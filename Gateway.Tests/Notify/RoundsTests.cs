using Gateway.Notify;
using Gateway.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Notify;

[TestFixture]
internal sealed class RoundsTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new();

    [Test]
    public async Task Every_OneFailsAgainAndAgain_TheOthersHaveTheirTurnAndItIsToldOnce()
    {
        using var log = new RecordingLoggerProvider();
        using var stopping = new CancellationTokenSource();
        var (broken, sound) = (0, 0);
        var sut = Rounds.EveryAsync(Interval, _time, () => new[] { "broken", "sound" }, item =>
        {
            if (item == "sound")
            {
                sound++;
                return Task.CompletedTask;
            }

            broken++;
            throw new InvalidOperationException("of a kind that nobody listed");
        }, atOnce: 1, log.CreateLogger<RoundsTests>(), stopping.Token);

        for (var round = 1; round <= 3; round++)
        {
            _time.Advance(Interval);
            await Eventually.That(() => broken == round && sound == round, $"round {round} is over");
        }

        await stopping.CancelAsync();
        Assert.That(async () => await sut.DefaultTimeout(), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(log.Named("HubRoundFailed"), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Every_RoundCannotBegin_IsToldAndTheNextOneBegins()
    {
        using var log = new RecordingLoggerProvider();
        using var stopping = new CancellationTokenSource();
        var (begun, looked) = (0, 0);
        var sut = Rounds.EveryAsync(
            Interval,
            _time,
            () => ++begun == 1 ? throw new InvalidOperationException("of a kind that nobody listed") : new[] { "sound" },
            _ =>
            {
                looked++;
                return Task.CompletedTask;
            },
            atOnce: 1,
            log.CreateLogger<RoundsTests>(),
            stopping.Token);

        _time.Advance(Interval);
        await Eventually.That(() => log.Named("HubRoundFailed").Count == 1, "the round that could not begin is told");
        _time.Advance(Interval);
        await Eventually.That(() => looked == 1, "the next one begins");

        await stopping.CancelAsync();
        Assert.That(async () => await sut.DefaultTimeout(), Throws.InstanceOf<OperationCanceledException>());
    }
}
