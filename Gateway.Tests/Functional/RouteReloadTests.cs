using Gateway.Protocol;
using Gateway.Proxy.Routing;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.Functional;

/// <summary>Changes of the route file while the gateway runs.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class RouteReloadTests : RouteReloadTest
{
    [Test]
    public async Task EditInPlace_TakesEffectOfItself()
    {
        await StartAsync(watches: true);

        Folder.Write(File("/changed"));

        await Eventually.That(() => Last.Result == RouteReloadResult.Applied && Gateway.Log.Named("RoutesApplied").Count > 0);
        await AssertMovedAsync();
    }

    [Test]
    public async Task ReplacementByRename_TakesEffect()
    {
        await StartAsync();

        Folder.Replace(File("/changed"));
        await LookAsync(RouteReloadResult.Applied);

        await AssertMovedAsync();
    }

    [Test]
    public async Task SwapOfAConfigMap_TakesEffectOfItselfEachTime()
    {
        Folder.Swap(File());
        await StartAsync(watches: true);

        Folder.Swap(File("/between"));
        await Eventually.That(async () => await StatusAsync("/between") == 200);
        Folder.Swap(File("/changed"));

        await Eventually.That(() => Gateway.Log.Named("RoutesApplied").Count == 2);
        await AssertMovedAsync();
    }

    [Test]
    public async Task BeforeTheFirstRequest_TakesEffect()
    {
        await StartAsync();

        Folder.Write(File("/changed"));
        await LookAsync(RouteReloadResult.Applied);

        await AssertMovedAsync();
    }

    [Test]
    public async Task AddedAndRemovedRoutes_TakeEffect()
    {
        const string logout = """
            "logout": { "ClusterId": "user", "Match": { "Path": "/logout" }, "Transforms": [ { "Rpc": "bite_im.UserService/UserRegister" } ] },
            """;
        await StartAsync();

        Folder.Write(File(routes: logout));
        await LookAsync(RouteReloadResult.Applied);
        Assert.That(await StatusAsync("/logout"), Is.EqualTo(200));
        Folder.Write(File());
        await LookAsync(RouteReloadResult.Applied);
        Assert.That(await StatusAsync("/logout"), Is.EqualTo(404));

        Assert.That(await StatusAsync(LoginPath), Is.EqualTo(200));
    }

    [Test]
    public async Task TimeoutAlone_TakesEffect()
    {
        Folder.Write(File(more: "\"Timeout\": \"00:10:00\","));
        await StartAsync();
        Service.Hold();

        Folder.Write(File(more: "\"Timeout\": \"00:00:00.050\","));
        await LookAsync(RouteReloadResult.Applied);

        Assert.That(await ErrorCodeAsync(LoginPath), Is.EqualTo("timed-out"));
    }

    [Test]
    public async Task BodyLimitAlone_TakesEffectUpAndDown()
    {
        await StartAsync();
        Assert.That(await ErrorCodeAsync(LoginPath, idLength: 500), Is.Empty);

        Folder.Write(File(more: "\"MaxRequestBodySize\": 100,"));
        await LookAsync(RouteReloadResult.Applied);
        Assert.That(await ErrorCodeAsync(LoginPath, idLength: 500), Is.EqualTo("too-large"));
        Folder.Write(File(more: "\"MaxRequestBodySize\": 1000,"));
        await LookAsync(RouteReloadResult.Applied);
        Assert.That(await ErrorCodeAsync(LoginPath, idLength: 500), Is.Empty);

        Assert.That(await ErrorCodeAsync(LoginPath, idLength: 2000), Is.EqualTo("too-large"));
    }

    [Test]
    public async Task BodyLimitOfAnOrdinaryRoute_TakesEffect()
    {
        static string Plain(string more) => File(routes: $$"""
            "plain": { "ClusterId": "user", {{more}} "Match": { "Path": "/plain" } },
            """);
        Folder.Write(Plain("\"MaxRequestBodySize\": 1000,"));
        await StartAsync();
        Assert.That(await StatusAsync("/plain", idLength: 500), Is.EqualTo(200));

        Folder.Write(Plain("\"MaxRequestBodySize\": 100,"));
        await LookAsync(RouteReloadResult.Applied);

        Assert.That(await StatusAsync("/plain", idLength: 500), Is.EqualTo(413));
    }

    [Test]
    public async Task RequestUnderWay_IsAnsweredThoughItsRouteHasGone()
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Service.OnCall = async (context, _) =>
        {
            arrived.SetResult();
            await goOn.Task.DefaultTimeout();
            await StubSubService.AnswerAsync(context, new UserLoginRsp { RequestId = "r1", Success = true }.ToByteArray());
        };
        Folder.Write(File(more: "\"Timeout\": \"00:10:00\","));
        await StartAsync();
        var call = PostAsync(LoginPath);
        await arrived.Task.DefaultTimeout();

        Folder.Write(File("/changed"));
        await LookAsync(RouteReloadResult.Applied);
        goOn.SetResult();

        using var response = await call;
        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
        Assert.That((await GatewayFixture.ParseAsync<UserLoginRsp>(response)).Success, Is.True);
    }

    [Test]
    public async Task OpenSocket_StaysOpen()
    {
        await StartAsync();
        await using var socket = await NotifyClient.JoinAsync(new Uri(Gateway.Urls[1].Replace("http:", "ws:", StringComparison.Ordinal) + "/ws"), "s-alice");

        Folder.Write(File("/changed"));
        await LookAsync(RouteReloadResult.Applied);

        Assert.That(socket.State, Is.EqualTo(System.Net.WebSockets.WebSocketState.Open));
        await socket.CloseAsync();
        Assert.That(socket.CloseCode, Is.EqualTo(1000), "The server did not answer the close");
    }

    [Test]
    public async Task Override_StillWinsAfterAChange()
    {
        Settings["ReverseProxy:Routes:login:MaxRequestBodySize"] = "100";
        await StartAsync();

        Folder.Write(File("/changed", more: "\"MaxRequestBodySize\": 1000,"));
        await LookAsync(RouteReloadResult.Applied);

        Assert.That(await StatusAsync("/changed"), Is.EqualTo(200));
        Assert.That(await ErrorCodeAsync("/changed", idLength: 500), Is.EqualTo("too-large"));
        Assert.That(Service.LastCall.Path, Is.EqualTo("/bite_im.UserService/UserLogin"), "The address in the file is nobody's");
    }

    [Test]
    public async Task SettingsFile_IsFollowedAndValidatedToo()
    {
        const string limit = """{ "ReverseProxy": { "Routes": { "login": { "MaxRequestBodySize": 100 } } } }""";
        Folder.Write(limit, "appsettings.json");
        await StartAsync(builder => builder.Configuration.AddJsonFile(Folder.PathOf("appsettings.json"), optional: true, reloadOnChange: true));
        Assert.That(await ErrorCodeAsync(LoginPath, idLength: 500), Is.EqualTo("too-large"));

        Folder.Write(limit[..^5], "appsettings.json");
        await LookAsync(RouteReloadResult.Refused);
        Assert.That(Last.Errors.Single(), Does.StartWith($"The settings file '{Folder.PathOf("appsettings.json")}' cannot be read: line 1, byte "));
        Assert.That(await ErrorCodeAsync(LoginPath, idLength: 500), Is.EqualTo("too-large"), "What the broken file used to say was forgotten");

        Folder.Write(limit.Replace("100", "0", StringComparison.Ordinal), "appsettings.json");
        await LookAsync(RouteReloadResult.Refused);
        Assert.That(Last.Errors, Is.EqualTo(new[]
        {
            $"Route 'login': MaxRequestBodySize is 0; use 1 to 1073741824 bytes ({Folder.File}, {Folder.PathOf("appsettings.json")}).",
        }));

        Folder.Write(limit.Replace("100", "1000", StringComparison.Ordinal), "appsettings.json");
        await LookAsync(RouteReloadResult.Applied);
        Assert.That(await ErrorCodeAsync(LoginPath, idLength: 500), Is.Empty);
    }

    [Test]
    public async Task SettingsReadAtStart_AreNamed()
    {
        await StartAsync();

        Folder.Write(File("/changed", sections: """ "Gateway": { "Rpc": { "DefaultTimeout": "00:00:03" } }, """));
        await LookAsync(RouteReloadResult.Applied);
        await AssertMovedAsync();

        Assert.That(Last.WaitForRestart, Is.EqualTo(new[] { "Gateway:Rpc:DefaultTimeout" }));
        Assert.That(Gateway.Log.Named("RestartNeeded").Single().Message, Is.EqualTo(
            "Settings that are read only at start have changed in the route files, and wait for a restart: Gateway:Rpc:DefaultTimeout."));
    }

    private async Task AssertMovedAsync()
    {
        Assert.That(await StatusAsync("/changed"), Is.EqualTo(200));
        Assert.That(await StatusAsync(LoginPath), Is.EqualTo(404));
        Assert.That(Gateway.Log.Named("RoutesApplied")[^1].Message, Does.StartWith("Changed routes are in use: 1 routes, 6 clusters, revision " + Last.Revision));
    }
}
