using Gateway.Notify.Delivery.Redis;
using Gateway.Tests.Support;

namespace Gateway.Tests.Notify;

[TestFixture]
internal sealed class OneAtATimeTests
{
    /// <summary>FAULT: a turn that throws after somebody has asked for another leaves _isWanted set, so nothing is ever begun again; and nobody observes it.</summary>
    [Test]
    public async Task Ask_AfterATurnThatFailed_BeginsAnother()
    {
        var failing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var turns = 0;
        var sut = new OneAtATime(() => Interlocked.Increment(ref turns) == 1 ? failing.Task : Task.CompletedTask);
        sut.Ask();
        await Eventually.That(() => Volatile.Read(ref turns) == 1);
        sut.Ask();
        failing.SetException(new InvalidOperationException());
        await Eventually.That(() =>
        {
            sut.Ask();
            return Volatile.Read(ref turns) > 1;
        });
    }
}
