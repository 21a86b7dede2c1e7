using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>What the Dockerfile builds, built without Docker and run as the process it would be.</summary>
[TestFixture]
[Servers]
internal sealed class ImageTests
{
    private const string Native = "deploy/native.Dockerfile";

    private string _folder = null!;

    private string App => Path.Combine(_folder, "app");

    [OneTimeSetUp]
    public async Task BuildAsync()
    {
        _folder = Directory.CreateTempSubdirectory("gateway-image-").FullName;
        var source = Directory.CreateDirectory(Path.Combine(_folder, "src")).FullName;
        Directory.CreateDirectory(Path.Combine(_folder, "empty"));
        await Dockerfile.Open().BuildAsync(source, App);
        Directory.Delete(source, recursive: true);
    }

    [OneTimeTearDown]
    public void Delete() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task Image_StartedFromAnEmptyFolder_AnswersAndEndsOnSigterm()
    {
        await using var service = await StubSubService.StartAsync();
        service.Answer(new UserLoginRsp { RequestId = "r1", Success = true, LoginSessionId = "s1" });
        var port = LoopbackPort.Free();
        using var gateway = Start(new()
        {
            ["Gateway__Listen__Address"] = "127.0.0.1",
            ["Gateway__Listen__HttpPort"] = $"{port}",
            ["Gateway__Listen__WebSocketPort"] = "0",
            ["Gateway__Management__Port"] = "0",
            ["Gateway__Sessions__Store"] = "Memory",
            // Nobody is there; the clusters of the other services wait for it.
            ["Gateway__Etcd__Endpoints"] = $"http://127.0.0.1:{LoopbackPort.Free()}",
            ["ReverseProxy__Clusters__user__Destinations__etcd__Address"] = service.Address,
        });
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{port}") };

        var answer = await CallAsync(gateway, client).DefaultTimeout();
        await gateway.TerminateAsync();
        var exitCode = await gateway.ExitCodeAsync(TimeSpan.FromSeconds(30));

        Assert.That(answer, Is.EqualTo(new UserLoginRsp { RequestId = "r1", Success = true, LoginSessionId = "s1" }));
        Assert.That(service.LastCall.Path, Is.EqualTo("/bite_im.UserService/UserLogin"));
        Assert.That(exitCode, Is.Zero, gateway.Output);
        Assert.That(gateway.Output, Does.Not.Contain("Overriding address"), "The ports are the gateway's own setting");
    }

    [Test]
    public async Task Image_BadSetting_EndsWithOneSentence()
    {
        using var gateway = Start(new() { ["Gateway__Errors__DefaultLanguage"] = "fr" });

        Assert.That(await gateway.ExitCodeAsync(TimeSpan.FromSeconds(30)), Is.EqualTo(1));
        Assert.That(gateway.Output.Trim(), Is.EqualTo("Gateway:Errors:DefaultLanguage is 'fr'; use 'en' or 'zh-CN'."));
    }

    [Test]
    public async Task Image_ValidateCommand_FindsItsOwnRoutesFileGood()
    {
        using var validate = ChildProcess.Start(Path.Combine(_folder, "empty"), [], [.. Dockerfile.Open().EntryPoint(App), "validate", Path.Combine(App, "yarp.json")]);

        Assert.That(await validate.ExitCodeAsync(TimeSpan.FromSeconds(30)), Is.Zero, validate.Output);
        Assert.That(validate.Output.Trim().Split('\n')[^1], Is.EqualTo("ok"));
    }

    [Test]
    public void Dockerfile_SaysWhatAnOrchestratorReliesOn(
        [Values("Dockerfile", Native)] string name,
        [Values("USER $APP_UID", "EXPOSE 9000 9001 9002", "ENV DOTNET_USE_POLLING_FILE_WATCHER=true")] string line) => Assert.That(Dockerfile.Open(name).Has(line), Is.True);

    [Test]
    public void NativeDockerfile_CopiesAndSets_WhatTheUsualOneDoes()
    {
        var (usual, native) = (Dockerfile.Open(), Dockerfile.Open(Native));

        Assert.That(native.CopiedFromRepository(), Is.EqualTo(usual.CopiedFromRepository()));
        Assert.That(native.Environment(), Is.EqualTo(usual.Environment()));
    }

    [Test]
    public void Dockerignore_LetsThrough_ExactlyWhatIsCopied() =>
        Assert.That(Dockerfile.Open().LetThrough(), Is.EquivalentTo(Dockerfile.Open().CopiedFromRepository()));

    /// <summary>As a container does: the image's environment and the base image's, from a folder that holds nothing.</summary>
    private ChildProcess Start(Dictionary<string, string> settings)
    {
        var dockerfile = Dockerfile.Open();
        var environment = new Dictionary<string, string> { ["DOTNET_RUNNING_IN_CONTAINER"] = "true", ["ASPNETCORE_HTTP_PORTS"] = "8080" };
        foreach (var (name, value) in dockerfile.Environment().Concat(settings))
        {
            environment[name] = value;
        }

        return ChildProcess.Start(Path.Combine(_folder, "empty"), environment, dockerfile.EntryPoint(App));
    }

    private static async Task<UserLoginRsp> CallAsync(ChildProcess gateway, HttpClient client)
    {
        UserLoginRsp? answer = null;
        await Eventually.That(async () =>
        {
            Assert.That(gateway.HasExited, Is.False, gateway.Output);
            try
            {
                using var content = new ByteArrayContent(new UserLoginReq { RequestId = "r1" }.ToByteArray());
                using var response = await client.PostAsync("/service/user/username_login", content);
                answer = await GatewayFixture.ParseAsync<UserLoginRsp>(response);
                return true;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
        return answer!;
    }
}
