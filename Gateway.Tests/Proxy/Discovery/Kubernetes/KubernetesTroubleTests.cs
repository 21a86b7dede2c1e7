using System.Net;
using System.Net.Sockets;
using Gateway.Proxy.Discovery;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Proxy.Discovery.Kubernetes;

/// <summary>An API server that breaks, refuses and lies. What was known stays in use, and what comes later is followed.</summary>
internal sealed class KubernetesTroubleTests
{
    private const string First = "http://10.0.0.1:9000";
    private const string Second = "http://10.0.0.2:9000";

    private FakeApiServer _server = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _server = await FakeApiServer.StartAsync();
        _server.Set(FakeApiServer.Slice("user-a", 9000, FakeApiServer.Pod("p1", "10.0.0.1")));
    }

    [TearDown]
    public async Task StopAsync() => await _server.DisposeAsync();

    [Test]
    public async Task Server_AwayForLong_LastKnownStayAndAttemptsGoOn()
    {
        await using var sut = await FollowingAsync();

        await _server.StopAsync();
        await Eventually.That(() => !sut.Status.Connected);
        Assert.That(sut.Addresses(), Is.EqualTo(new[] { First }));
        Assert.That(sut.Status.Synced, Is.True);

        await _server.StartAsync();
        _server.Set(FakeApiServer.Slice("user-a", 9000, FakeApiServer.Pod("p2", "10.0.0.2")));
        await sut.KnowsAsync(Second);
        await sut.ConnectedAsync();
        Assert.That(sut.Logs.Entries.Where(entry => entry.EventId.Id == 1141).Select(entry => entry.Message).Single(), Does.StartWith(
            "Kubernetes does not say where 'user.chat:grpc' is: ").And.EndsWith("The 1 instances known so far stay in use; attempts go on quietly."));
    }

    /// <summary>As behind a network policy. Here it is the handshake that takes too long, which is a part of connecting.</summary>
    [Test]
    public async Task Server_WithoutAConnection_IsToldAsThat()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var sut = KubernetesHarness.Start(_server, options =>
        {
            options.ApiServer = $"https://{silent.LocalEndpoint}";
            options.ConnectTimeout = TimeSpan.FromMilliseconds(50);
        });

        await Eventually.That(() => sut.Source.Troubles.Count == 1);

        Assert.That(sut.Source.Troubles.Single(), Is.EqualTo(
            new ServiceTrouble(KubernetesHarness.Service, IsLost: true, $"no connection to https://{silent.LocalEndpoint} within {0.05} s")));
    }

    [Test]
    public async Task Watch_Cut_IsMadeAnew()
    {
        await using var sut = await FollowingAsync();

        _server.BreakWatches();

        await ChangeIsSeenAsync(sut);
        Assert.That(sut.Logs.Entries.Where(entry => entry.EventId.Id == 1141), Is.Empty);
    }

    [Test]
    public async Task Watch_ThatEndsWithinAnEvent_IsMadeAnew()
    {
        await using var sut = await FollowingAsync();

        _server.Send("""{"type":"DELETED","object":{"metadata":{"name":"user-a","resourceVersion":"2000"}}}""");
        _server.CloseWatches();

        await Eventually.That(() => _server.Watches == 2);
        Assert.That(sut.Addresses(), Is.EqualTo(new[] { First }), "An event without its end is none");
        await ChangeIsSeenAsync(sut);
    }

    [TestCase("<html>502 Bad Gateway</html>")]
    [TestCase("""{"type":"EXPLODED","object":{}}""")]
    [TestCase("null")]
    [TestCase("""{"type":"ADDED","object":{"metadata":7}}""")]
    [TestCase("""{"type":"ADDED"}""")]
    [TestCase("""{"type":"ERROR","object":null}""")]
    public async Task Watch_ThatDeliversRubbish_IsMadeAnew(string rubbish)
    {
        await using var sut = await FollowingAsync();

        _server.SendLine(rubbish);

        await Eventually.That(() => _server.Watches >= 2);
        Assert.That(sut.Addresses(), Is.EqualTo(new[] { First }));
        await ChangeIsSeenAsync(sut);
        Assert.That(sut.Logs.Entries.First(entry => entry.EventId.Id == 1141).Message, Does.Contain("it sends what is no answer of the API"));
    }

    [Test]
    public async Task Watch_WithNullsInItsLists_PassesThemOver()
    {
        await using var sut = await FollowingAsync();

        _server.SendLine("""
            {"type":"ADDED","object":{"metadata":{"name":"user-b","resourceVersion":"1000000"},"addressType":"IPv4","ports":[null,{"name":"grpc","port":9000}],"endpoints":[null,{"addresses":[null]},{"addresses":["10.0.0.3"]}]}}
            """.Trim());

        await sut.KnowsAsync(First, "http://10.0.0.3:9000");
        Assert.That(_server.Watches, Is.EqualTo(1));
    }

    [Test]
    public async Task Watch_WithAnEventWithoutEnd_IsGivenUp()
    {
        await using var sut = await FollowingAsync();

        _server.Send(new string(' ', (8 << 20) + 1));

        await Eventually.That(() => _server.Watches == 2);
        Assert.That(sut.Logs.Entries.First(entry => entry.EventId.Id == 1141).Message, Does.Contain("an event of its watch is longer than 8388608 bytes"));
        await ChangeIsSeenAsync(sut);
    }

    [Test]
    public async Task Watch_GoneAsAnEvent_IsMadeAnewWithoutAWord()
    {
        await using var sut = await FollowingAsync();

        _server.SendError(410, "Expired", "too old resource version: 1 (2)");

        await Eventually.That(() => _server.Lists == 2);
        await ChangeIsSeenAsync(sut);
        Assert.That(sut.Logs.Entries.Where(entry => entry.EventId.Id == 1141), Is.Empty);
    }

    [Test]
    public async Task Watch_GoneAsAStatus_IsMadeAnewWithoutAWord()
    {
        var refusals = 2;
        _server.OnRequest = async (context, isWatch) =>
        {
            if (!isWatch || Interlocked.Decrement(ref refusals) < 0)
            {
                return false;
            }

            await FakeApiServer.RefuseAsync(context, 410, "Expired", "too old resource version");
            return true;
        };

        await using var sut = await FollowingAsync();

        Assert.That(_server.Lists, Is.EqualTo(3));
        Assert.That(sut.Logs.Entries.Where(entry => entry.EventId.Id == 1141), Is.Empty);
        await ChangeIsSeenAsync(sut);
    }

    [Test]
    public async Task Watch_OfAListThatIsTooOld_BeginsWithANewList()
    {
        var lists = 0;
        _server.OnRequest = (_, isWatch) =>
        {
            // Between the list and its watch, history is forgotten.
            if (isWatch && Interlocked.Increment(ref lists) == 1)
            {
                _server.Compact();
            }

            return Task.FromResult(false);
        };

        await using var sut = await FollowingAsync();

        await Eventually.That(() => _server.Lists == 2 && _server.OpenWatches == 1);
        await ChangeIsSeenAsync(sut);
    }

    [Test]
    public async Task Watch_EndedByAnotherError_IsTold()
    {
        await using var sut = await FollowingAsync();

        _server.SendError(500, "InternalError", "etcdserver: leader changed");

        await Eventually.That(() => sut.Logs.Entries.Any(entry => entry.EventId.Id == 1141));
        Assert.That(sut.Logs.Entries.First(entry => entry.EventId.Id == 1141).Message, Does.Contain("its watch ends with 500 (etcdserver: leader changed)"));
        await ChangeIsSeenAsync(sut);
    }

    [Test]
    public async Task Watch_ThatRepeatsOldAndEqualEvents_ChangesNothing()
    {
        await using var sut = await FollowingAsync();
        var old = FakeApiServer.Slice("user-a", 9000, FakeApiServer.Pod("p9", "10.0.0.9"));
        old.Metadata.ResourceVersion = "7";

        _server.Set(FakeApiServer.Slice("user-a", 9000, FakeApiServer.Pod("p2", "10.0.0.2")));
        await sut.KnowsAsync(Second);
        _server.SendLine(FakeApiServer.Line("MODIFIED", old));
        _server.SendLine(FakeApiServer.Line("DELETED", old));
        _server.SendLine(FakeApiServer.Line("ADDED", old));
        _server.Set(FakeApiServer.Slice("user-b", 9000, FakeApiServer.Pod("p3", "10.0.0.3")));

        await sut.KnowsAsync(Second, "http://10.0.0.3:9000");
        Assert.That(_server.Watches, Is.EqualTo(1));
    }

    [Test]
    public async Task List_NeverAnswered_IsGivenUpAndTriedAgain()
    {
        var isSilent = true;
        _server.OnRequest = async (context, _) =>
        {
            if (Volatile.Read(ref isSilent))
            {
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            }

            return false;
        };
        await using var sut = KubernetesHarness.Start(_server, options => options.RequestTimeout = TimeSpan.FromMilliseconds(300));
        await Eventually.That(() => sut.Logs.Entries.Any(entry => entry.EventId.Id == 1141));
        Assert.That(sut.Logs.Entries.Single(entry => entry.EventId.Id == 1141).Message, Does.Contain("no answer within 0.3 s"));
        Assert.That(sut.Status, Is.EqualTo(sut.Status with { Connected = false, Synced = false }));

        Volatile.Write(ref isSilent, false);

        await sut.KnowsAsync(First);
    }

    [TestCase("{}")]
    [TestCase("null")]
    [TestCase("""{"kind":"Status","status":"Success","metadata":{}}""")]
    [TestCase("<html></html>")]
    public async Task List_ThatIsNone_IsNoEmptyService(string answer)
    {
        await using var sut = await FollowingAsync();
        _server.OnRequest = async (context, _) =>
        {
            await context.Response.WriteAsync(answer);
            return true;
        };

        _server.CloseWatches();

        await Eventually.That(() => sut.Logs.Entries.Any(entry => entry.EventId.Id == 1141));
        Assert.That(sut.Logs.Entries.Single(entry => entry.EventId.Id == 1141).Message, Does.Contain("it sends what is no answer of the API"));
        Assert.That((sut.Addresses().Single(), sut.Status.HeldInstances), Is.EqualTo((First, 0)));
    }

    [TestCase(403, "Forbidden", "endpointslices.discovery.k8s.io is forbidden: User \"system:serviceaccount:chat:gateway\" cannot list resource \"endpointslices\"")]
    [TestCase(500, "InternalError", "etcdserver: request timed out")]
    public async Task Refusal_IsToldInTheServersWords(int code, string reason, string message)
    {
        _server.OnRequest = async (context, _) =>
        {
            await FakeApiServer.RefuseAsync(context, code, reason, message);
            return true;
        };
        await using var sut = KubernetesHarness.Start(_server);

        await Eventually.That(() => sut.Logs.Entries.Any(entry => entry.EventId.Id == 1141));

        Assert.That(sut.Logs.Entries.Single(entry => entry.EventId.Id == 1141).Message, Does.Contain($"it answers {code} ({message}). The 0 instances"));
    }

    [Test]
    public async Task Server_ThatAsksToBeLeftAlone_IsLeftAlone()
    {
        _server.OnRequest = async (context, _) =>
        {
            if (context.Request.QueryString.Value!.EndsWith("user", StringComparison.Ordinal))
            {
                context.Response.Headers.RetryAfter = "30";
            }

            await FakeApiServer.RefuseAsync(context, 429, "TooManyRequests", "Too many requests, please try again later.");
            return true;
        };
        await using var sut = KubernetesHarness.Start(_server);
        await Eventually.That(() => Asked("user") == 1);

        sut.Source.Follow("other.chat:grpc");

        await Eventually.That(() => Asked("other") >= 10, "it has not said how long");
        Assert.That(Asked("user"), Is.EqualTo(1));
    }

    [Test]
    public async Task Token_Renewed_IsReadAnew()
    {
        using var authority = new TestAuthority();
        await using var server = await FakeApiServer.StartAsync(authority.IssueServer("api"));
        server.Token = "one";
        server.Set(FakeApiServer.Slice("user-a", 9000, FakeApiServer.Pod("p1", "10.0.0.1")));
        var file = Path.Combine(authority.Folder, "token");
        await File.WriteAllTextAsync(file, "one\n");
        await using var sut = KubernetesHarness.Start(server, options =>
        {
            options.TokenFile = file;
            options.CertificateAuthorityFile = authority.File;
        });
        await sut.KnowsAsync(First);
        await sut.ConnectedAsync();
        Assert.That(server.Requests.Select(request => request.Protocol).Distinct(), Is.EqualTo(new[] { "HTTP/2" }));

        server.Token = "two";
        server.CloseWatches();
        await Eventually.That(() => sut.Logs.Entries.Any(entry => entry.EventId.Id == 1141), "the old token is refused");
        Assert.That(sut.Logs.Entries.Single(entry => entry.EventId.Id == 1141).Message, Does.Contain("it answers 401 (Unauthorized)"));
        await File.WriteAllTextAsync(file, "two\n");
        server.Set(FakeApiServer.Slice("user-a", 9000, FakeApiServer.Pod("p2", "10.0.0.2")));

        await sut.KnowsAsync(Second);
    }

    [Test]
    public async Task Token_ThatIsNotThere_IsNamed_WhateverElseFails()
    {
        using var authority = new TestAuthority();
        await using var server = await FakeApiServer.StartAsync(authority.IssueServer("api"));
        var file = Path.Combine(authority.Folder, "no-token");
        await using var sut = KubernetesHarness.Start(server, options => options.TokenFile = file);

        await Eventually.That(() => sut.Source.Troubles.Count == 1);

        Assert.That(sut.Source.Troubles.Single().IsLost, Is.True);
        Assert.That(sut.Source.Troubles.Single().Reason, Does.Contain("certificate").And.EndsWith($"; and there is no token to show: '{file}' does not exist"));
    }

    [Test]
    public async Task Token_InTheClear_IsNotShown()
    {
        using var folder = new TestAuthority();
        var file = Path.Combine(folder.Folder, "token");
        await File.WriteAllTextAsync(file, "secret");
        await using var sut = KubernetesHarness.Start(_server, options => options.TokenFile = file);
        await sut.KnowsAsync(First);

        Assert.That(_server.Requests.Select(request => request.Token), Is.All.Null);
    }

    [Test]
    public async Task Server_OfAnotherAuthority_IsNotTrusted()
    {
        using var authority = new TestAuthority();
        using var other = new TestAuthority();
        await using var server = await FakeApiServer.StartAsync(other.IssueServer("api"));
        await using var sut = KubernetesHarness.Start(server, options => options.CertificateAuthorityFile = authority.File);

        await Eventually.That(() => sut.Logs.Entries.Any(entry => entry.EventId.Id == 1141));

        Assert.That(server.Requests, Is.Empty);
    }

    private int Asked(string service) => _server.Requests.ToArray().Count(request => request.Path.EndsWith(service, StringComparison.Ordinal));

    private async Task<KubernetesHarness> FollowingAsync()
    {
        var sut = KubernetesHarness.Start(_server);
        await sut.KnowsAsync(First);
        await sut.ConnectedAsync();
        await Eventually.That(() => _server.OpenWatches == 1);
        return sut;
    }

    private async Task ChangeIsSeenAsync(KubernetesHarness sut)
    {
        _server.Set(FakeApiServer.Slice("user-a", 9000, FakeApiServer.Pod("p2", "10.0.0.2")));
        await sut.KnowsAsync(Second);
        await sut.ConnectedAsync();
    }
}
