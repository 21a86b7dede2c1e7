using Gateway.Notify.Delivery.Redis;
using Gateway.Tests.Support;

namespace Gateway.Tests.Notify.Delivery.Redis;

[TestFixture]
internal sealed class OneAtATimeTests
{
    private int _turns;

    [SetUp]
    public void SetUp() => _turns = 0;

    [Test]
    public async Task Ask_WhileATurnIsUnderWay_SharesTheNextOne()
    {
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sut = new OneAtATime(() => Interlocked.Increment(ref _turns) == 1 ? first.Task : Task.CompletedTask);
        var begun = sut.AskAsync();
        await Eventually.That(() => Volatile.Read(ref _turns) == 1);

        Task[] asked = [.. Enumerable.Range(0, 100).Select(_ => sut.AskAsync())];
        Assert.That(asked.Select(task => task.IsCompleted), Is.All.False);
        first.SetResult();

        await Task.WhenAll([begun, .. asked]).DefaultTimeout();
        Assert.That(_turns, Is.EqualTo(2));
    }

    [Test]
    public async Task Ask_AfterATurnThatFailed_BeginsAnother()
    {
        var failing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sut = new OneAtATime(() => Interlocked.Increment(ref _turns) == 1 ? failing.Task : Task.CompletedTask);
        var failed = sut.AskAsync();
        await Eventually.That(() => Volatile.Read(ref _turns) == 1);
        var next = sut.AskAsync();
        failing.SetException(new InvalidOperationException());

        await next.DefaultTimeout();
        Assert.That(async () => await failed, Throws.InvalidOperationException);
        Assert.That(_turns, Is.EqualTo(2));
    }

    [Test]
    public async Task Ask_AfterTheEnd_BeginsNothing()
    {
        var sut = new OneAtATime(() => Task.FromResult(Interlocked.Increment(ref _turns)));
        await sut.EndAsync().DefaultTimeout();

        await sut.AskAsync().DefaultTimeout();

        Assert.That(_turns, Is.Zero);
    }
}
