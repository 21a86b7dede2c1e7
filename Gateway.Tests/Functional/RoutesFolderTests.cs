using Gateway.Proxy.Routing;
using Gateway.Tests.Support;
using Gateway.Tests.Transforms.Schema;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Gateway.Tests.Functional;

/// <summary>Further files in routes.d, and services that come to a running gateway.</summary>
[TestFixture]
internal sealed class RoutesFolderTests : RouteReloadTest
{
    private const string Extra = """
        {
          "$schema": "../yarp.schema.json",
          "ReverseProxy": {
            "Routes": { "extra": { "ClusterId": "more", "Match": { "Path": "/extra" }, "Transforms": [ { "Rpc": "bite_im.UserService/UserRegister" } ] } },
            "Clusters": { "more": { "Destinations": { "a": { "Address": "ADDRESS" } } } }
          }
        }
        """;

    private string Cart => $$"""
        {
          "Gateway": { "DescriptorSets": [ "{{Folder.PathOf("shop.pb")}}" ] },
          "ReverseProxy": {
            "Routes": { "cart-add": { "ClusterId": "user", "Match": { "Path": "/cart/add" }, "Transforms": [ { "Rpc": "shop.Cart/Add", "Session": "Required" } ] } }
          }
        }
        """;

    [Test]
    public async Task FilesThatComeAndGo_TakeEffect()
    {
        await StartAsync();

        Folder.Write(Extra.Replace("ADDRESS", Service.Address, StringComparison.Ordinal), "routes.d", "extra.json");
        await LookAsync(RouteReloadResult.Applied);
        Assert.That(await StatusAsync("/extra"), Is.EqualTo(200));
        Assert.That(await StatusAsync(LoginPath), Is.EqualTo(200));
        System.IO.File.Delete(Folder.PathOf("routes.d", "extra.json"));
        await LookAsync(RouteReloadResult.Applied);
        Assert.That(await StatusAsync("/extra"), Is.EqualTo(404));

        Assert.That(await StatusAsync(LoginPath), Is.EqualTo(200));
    }

    [Test]
    public async Task FilesThereAtStart_AreServed()
    {
        Settings["Gateway:RoutesFolder"] = "more";
        Folder.Write(Extra.Replace("ADDRESS", Service.Address, StringComparison.Ordinal), "more", "extra.json");
        Folder.Write("no JSON", "more", ".extra.json");
        Folder.Write("no JSON", "more", "extra.json~");

        await StartAsync();

        Assert.That(await StatusAsync("/extra"), Is.EqualTo(200));
    }

    [Test]
    public async Task IdInTwoFiles_NamesBoth()
    {
        await StartAsync();

        Folder.Write("""{ "ReverseProxy": { "Routes": { "LOGIN": {} }, "Clusters": { "user": {} } } }""", "routes.d", "a.json");
        await LookAsync(RouteReloadResult.Refused);

        var second = Folder.PathOf("routes.d", "a.json");
        Assert.That(Last.Errors, Is.EqualTo(new[]
        {
            $"Route 'LOGIN' stands in '{Folder.File}' and in '{second}'; keep one of them, or give one another id.",
            $"Cluster 'user' stands in '{Folder.File}' and in '{second}'; keep one of them, or give one another id.",
        }));
        Assert.That(await StatusAsync(LoginPath), Is.EqualTo(200));
    }

    [Test]
    public async Task WhatIsMisplaced_HidesNoOtherMistake()
    {
        await StartAsync();

        Folder.Write(
            """{ "Gateway": { "Rpc": {} , "Listen": { "HttpPort": 1 } }, "ReverseProxy": { "Routes": { "LOGIN": {}, "own": { "ClusterId": "nobody", "Timeout": "five", "Match": { "Path": "/own" } } } } }""",
            "routes.d", "a.json");
        await LookAsync(RouteReloadResult.Refused);

        Assert.That(Last.Errors, Has.Some.Contains("sets 'Gateway:Listen:HttpPort'"));
        Assert.That(Last.Errors, Has.Some.StartsWith("Route 'LOGIN' stands in '"));
        Assert.That(Last.Errors, Has.Some.StartsWith("Route 'own': ClusterId is 'nobody', which is no cluster"));
        Assert.That(Last.Errors, Has.Some.StartsWith("Route 'own': Timeout is 'five' ("));
    }

    [Test]
    public async Task OtherSettingsInTheFolder_AreRefused()
    {
        await StartAsync();

        Folder.Write("""{ "Gateway": { "Rpc": { "DefaultTimeout": "00:00:01" } } }""", "routes.d", "a.json");
        await LookAsync(RouteReloadResult.Refused);

        Assert.That(Last.Errors, Has.Some.EqualTo(
            $"The routes file '{Folder.PathOf("routes.d", "a.json")}' sets 'Gateway:Rpc:DefaultTimeout'; files of the routes folder hold routes, "
            + $"clusters and descriptor sets alone, so move it to '{Folder.File}'."));
    }

    [Test]
    public async Task NewService_DescriptorSetFirst_IsServed()
    {
        await StartAsync();

        WriteShop(Descriptors.Shop);
        Folder.Write(Cart, "routes.d", "cart.json");
        await LookAsync(RouteReloadResult.Applied);

        await AssertServedAsync(userIdField: 3);
    }

    [Test]
    public async Task NewService_RouteFirst_IsServedOnceTheDescriptorSetIsThere()
    {
        await StartAsync();

        Folder.Write(Cart, "routes.d", "cart.json");
        await LookAsync(RouteReloadResult.Refused);
        Assert.That(await StatusAsync(LoginPath), Is.EqualTo(200));
        WriteShop(Descriptors.Shop);
        await LookAsync(RouteReloadResult.Applied);

        await AssertServedAsync(userIdField: 3);
    }

    [Test]
    public async Task ChangedDescriptorSet_TakesEffectAlone()
    {
        WriteShop(Descriptors.Shop);
        Folder.Write(Cart, "routes.d", "cart.json");
        await StartAsync();
        await AssertServedAsync(userIdField: 3);

        var moved = Descriptors.Shop;
        moved.File[0].MessageType[0].Field[2].Number = 9;
        WriteShop(moved);
        await LookAsync(RouteReloadResult.Applied);

        await AssertServedAsync(userIdField: 9);
    }

    private void WriteShop(FileDescriptorSet set) => System.IO.File.WriteAllBytes(Folder.PathOf("shop.pb"), set.ToByteArray());

    /// <summary>The call reaches the service, with Alice's id in the field where the descriptor set has it.</summary>
    private async Task AssertServedAsync(int userIdField)
    {
        // request_id = "r1", session_id = "s-alice"
        byte[] request = [0x0A, 2, .. "r1"u8, 0x12, 7, .. "s-alice"u8];
        using var response = await Gateway.PostAsync("/cart/add", request).DefaultTimeout();

        Assert.That(((int)response.StatusCode, GatewayFixture.ErrorCode(response)), Is.EqualTo((200, "")));
        Assert.That(Service.LastCall.Path, Is.EqualTo("/shop.Cart/Add"));
        Assert.That(Service.LastCall.Message.ToArray(), Is.EqualTo((byte[])[.. request, (byte)((userIdField << 3) | 2), 5, .. "alice"u8]));
    }
}
