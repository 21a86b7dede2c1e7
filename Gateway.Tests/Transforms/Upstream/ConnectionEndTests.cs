using System.Collections.Concurrent;
using Gateway.Tests.Support;
using Gateway.Transforms.Upstream;
using Gateway.Transforms.Verdicts;

namespace Gateway.Tests.Transforms.Upstream;

/// <summary>What becomes of calls when their connection, or their stream, ends.</summary>
[TestFixture]
internal sealed class ConnectionEndTests : UpstreamTest
{
    [Test]
    public async Task GoAway_LaterStreams_GoOutAgainToTheOnlyInstance()
    {
        var come = 0;
        Service.OnRequest = async (connection, stream) =>
        {
            if (Service.Connections > 1)
            {
                await connection.AnswerAsync(stream, [2]);
            }
            else if (Interlocked.Increment(ref come) == 3)
            {
                await connection.GoAwayAsync(last: 1);
                await connection.AnswerAsync(1, [1]);
            }
        };

        var answers = await Task.WhenAll(CallAsync(), CallAsync(), CallAsync()).DefaultTimeout();

        Assert.That(answers.Select(answer => answer[0]), Is.EquivalentTo(new[] { 1, 2, 2 }));
        await Eventually.That(() => Service.OpenConnections == 1);
        Assert.That(Service.Connections, Is.EqualTo(2));
    }

    [Test]
    public async Task GoAway_Always_FailsTheCallAfterAFewConnections()
    {
        Service.OnRequest = (connection, _) => connection.GoAwayAsync(last: 0);

        var failure = await FailureOf(CallAsync());

        Assert.That(failure.Verdict.Reach, Is.EqualTo(Reach.NotSent));
        Assert.That(Service.Requests, Is.EqualTo(6));
        Assert.That(Sut.Pool.FailedConnects, Is.Zero, "A connection that has carried calls was no failure to connect");
        await AssertNoneIsLeftAsync();
    }

    [TestCase(Http2Error.RefusedStream, Reach.NotSent)]
    [TestCase(Http2Error.Internal, Reach.PerhapsSent)]
    public async Task Reset_EndsTheCallAlone(Http2Error error, Reach reach)
    {
        Service.OnRequest = (connection, stream) => stream == 1 ? connection.ResetStreamAsync(stream, error) : connection.AnswerAsync(stream, []);

        Assert.That((await FailureOf(CallAsync())).Verdict.Reach, Is.EqualTo(reach));
        Assert.That(await CallAsync().DefaultTimeout(), Is.Empty);
        Assert.That(Service.Connections, Is.EqualTo(1));
    }

    [Test]
    public async Task Reset_OfAnUpload_IsWhyItFails()
    {
        // Whoever sends the request learns of the end at the same time, and must not be the one who says why.
        Service.OnConnected = connection =>
        {
            connection.OnFrame = frame =>
            {
                if (frame.Type == Http2FrameType.Data)
                {
                    _ = connection.ResetStreamAsync(frame.Stream, Http2Error.Internal);
                }
            };
            return connection.SettingsAsync();
        };

        for (var i = 0; i < 200; i++)
        {
            Assert.That((await FailureOf(CallAsync(new byte[100_000]))).Message, Does.Contain("INTERNAL_ERROR"));
        }
    }

    [Test]
    public async Task Close_AfterTheRequestWentOut_IsNotSentAgain()
    {
        Service.OnRequest = (connection, _) =>
        {
            connection.Cut();
            return Task.CompletedTask;
        };

        Assert.That((await FailureOf(CallAsync())).Verdict.Reach, Is.EqualTo(Reach.PerhapsSent));
        Assert.That(Service.Requests, Is.EqualTo(1));
        await AssertNoneIsLeftAsync();
    }

    [Test]
    public async Task Cancellation_ResetsTheStream_AndWhatComesOfItLaterHurtsNobody()
    {
        var reset = Gate();
        Service.OnConnected = connection =>
        {
            connection.OnFrame = frame =>
            {
                if (frame.Type == Http2FrameType.RstStream && frame.ReadError() == Http2Error.Cancel)
                {
                    reset.TrySetResult();
                }
            };
            return connection.SettingsAsync();
        };
        var begun = Gate();
        Service.OnRequest = async (connection, stream) =>
        {
            if (stream == 1)
            {
                // The call has ended for the peer, who has gone on, when its answer comes in pieces around another one's.
                begun.SetResult();
                await reset.Task;
                await connection.BeginAnswerAsync(stream);
                await connection.DataAsync(stream, StubSubService.Frame([9]));
                await connection.HeadersAsync(stream, isEnd: true, ("grpc-status", "0"));
                await connection.DataAsync(stream, [1, 2, 3]);
                await connection.ResetStreamAsync(stream, Http2Error.Cancel);
                await connection.WriteAsync(Http2FrameType.WindowUpdate, 0, stream, Http2Bytes.Number(1));
            }
            else
            {
                await connection.AnswerAsync(stream, [(byte)stream]);
            }
        };
        using var stop = new CancellationTokenSource();
        var given = CallAsync(stop.Token);
        await begun.Task.DefaultTimeout();

        await stop.CancelAsync();

        Assert.That(() => given.DefaultTimeout(), Throws.InstanceOf<OperationCanceledException>());
        for (var stream = 3; stream < 20; stream += 2)
        {
            Assert.That(await CallAsync().DefaultTimeout(), Is.EqualTo(new[] { (byte)stream }));
        }

        Assert.That(Service.Connections, Is.EqualTo(1));
    }

    [Test]
    public async Task Frames_BehindTheEndOfACall_NeverReachAnother()
    {
        // The objects of calls that have ended serve others at once.
        Service.OnRequest = async (connection, stream) =>
        {
            await connection.AnswerAsync(stream, [(byte)stream]);
            await connection.WriteAsync(Http2FrameType.Headers, 0, stream, Http2Bytes.Fields(("grpc-status", "13")));
            await connection.WriteAsync(Http2FrameType.Continuation, Http2Bytes.EndHeaders, stream, Http2Bytes.Fields(("content-type", "nonsense")));
            await connection.WriteAsync(Http2FrameType.Data, Http2Bytes.EndStream, stream, []);
        };

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            for (var i = 0; i < 200; i++)
            {
                Assert.That(await CallAsync(), Has.Length.EqualTo(1));
            }
        })).DefaultTimeout();
        Assert.That(Service.Connections, Is.EqualTo(1));
    }

    [Test]
    public async Task Retire_CallsUnderWayGoOn_AndThenTheConnectionEnds()
    {
        var gate = Gate();
        Service.OnRequest = async (connection, stream) =>
        {
            await gate.Task;
            await connection.AnswerAsync(stream, [3]);
        };
        var call = CallAsync();
        await Eventually.That(() => Service.Requests == 1);

        Sut.Pool.Retire();
        Assert.That(Service.OpenConnections, Is.EqualTo(1));
        gate.SetResult();

        Assert.That(await call.DefaultTimeout(), Is.EqualTo(new byte[] { 3 }));
        await AssertNoneIsLeftAsync();
        Assert.That(Sut.Pool.IsOver, Is.True);
    }

    [Test]
    public async Task Retire_CallsThatWaitForAConnection_GetOne()
    {
        var gate = Gate();
        Service.OnConnected = async connection =>
        {
            await gate.Task;
            await connection.SettingsAsync((MaxStreams, 1));
        };
        var calls = Enumerable.Range(0, 3).Select(_ => CallAsync()).ToArray();

        Sut.Pool.Retire();
        gate.SetResult();
        var late = CallAsync();

        await Task.WhenAll([.. calls, late]).DefaultTimeout();
        await AssertNoneIsLeftAsync();
    }

    [Test]
    public async Task Connection_NobodyNeeds_EndsAndIsNoFailure()
    {
        var gate = Gate();
        Service.OnConnected = async connection =>
        {
            await gate.Task;
            await connection.SettingsAsync();
        };
        var burst = Enumerable.Range(0, 450).Select(_ => CallAsync()).ToArray();
        await Eventually.That(() => Service.Connections >= 4);
        gate.SetResult();
        await Task.WhenAll(burst).DefaultTimeout();
        await Eventually.That(() => Sut.Pool.Connections == Service.Connections);

        Sut.Pool.Tick();
        Assert.That(Sut.Pool.Connections, Is.GreaterThan(0));
        Time.Advance(UpstreamPool.MaxIdle + TimeSpan.FromSeconds(1));
        Sut.Pool.Tick();

        await AssertNoneIsLeftAsync();
        Assert.That(Sut.Pool.FailedConnects, Is.Zero);
        await CallAsync().DefaultTimeout();
    }

    [Test]
    public async Task Connection_OfAge_IsReplacedWithoutALostCall()
    {
        var gate = Gate();
        ConcurrentQueue<FrameConnection> askedOn = [];
        Service.OnRequest = async (connection, stream) =>
        {
            askedOn.Enqueue(connection);
            if (askedOn.Count == 1)
            {
                await gate.Task;
            }

            await connection.AnswerAsync(stream, []);
        };
        var old = CallAsync();
        await Eventually.That(() => Service.Requests == 1);

        Time.Advance(UpstreamPool.MaxAge + TimeSpan.FromSeconds(1));
        Sut.Pool.Tick();
        await Eventually.That(() => Sut.Pool.Connections == 2);
        await CallAsync().DefaultTimeout();
        gate.SetResult();
        await old.DefaultTimeout();

        Assert.That(askedOn.Distinct().Count(), Is.EqualTo(2));
        await Eventually.That(() => Service.OpenConnections == 1);
    }

    [Test]
    public async Task FrameWithoutAnEnd_EndsTheConnection()
    {
        var sent = Gate();
        Service.OnRequest = async (connection, stream) =>
        {
            if (stream > 1)
            {
                return;
            }

            await connection.AnswerAsync(stream, []);
            await connection.SendAsync(Http2Bytes.Frame(Http2FrameType.Headers, Http2Bytes.EndHeaders, 3, new byte[100])[..50]);
            sent.SetResult();
        };
        await CallAsync().DefaultTimeout();
        await sent.Task.DefaultTimeout();
        var stuck = CallAsync();
        await Eventually.That(() => Service.Requests == 2);

        Time.Advance(TimeSpan.FromSeconds(21));
        await Eventually.That(() =>
        {
            Sut.Pool.Tick();
            return stuck.IsCompleted;
        });

        Assert.That((await FailureOf(stuck)).Message, Does.Contain("does not end"));
        await AssertNoneIsLeftAsync();
    }
}
