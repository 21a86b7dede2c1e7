using Gateway.Protocol;
using Gateway.Transforms.Schema;

namespace Gateway.Tests.Transforms.Schema;

[TestFixture]
internal sealed class RpcCatalogTests
{
    private readonly RpcCatalog _sut = new(Descriptors.Build(Descriptors.Shop));

    [TestCase("bite_im.UserService/GetUserInfo")]
    [TestCase("chen_im.UserService/GetUserInfo")]
    [TestCase("com.example.chat.v2.UserService/GetUserInfo")]
    [TestCase("UserService/GetUserInfo")]
    public void TryFind_BuiltInService_IsFoundInAnyPackage(string rpc)
    {
        Assert.That(_sut.TryFind(rpc, out var method, out var problem), Is.True, problem);
        Assert.That(method!.InputType, Is.SameAs(GetUserInfoReq.Descriptor));
        Assert.That(method.OutputType, Is.SameAs(GetUserInfoRsp.Descriptor));
    }

    [Test]
    public void TryFind_ServiceOfADescriptorSet_IsFoundByItsFullName()
    {
        Assert.That(_sut.TryFind("shop.Cart/Add", out var method, out var problem), Is.True, problem);
        Assert.That(method!.InputType.FullName, Is.EqualTo("shop.AddReq"));
    }

    [TestCase("Cart/Add", "Cart")]
    [TestCase("store.Cart/Add", "store.Cart")]
    [TestCase("bite_im.NoService/Add", "bite_im.NoService")]
    [TestCase("bite_im.userservice/GetUserInfo", "bite_im.userservice")]
    public void TryFind_UnknownService_NamesThoseThereAre(string rpc, string service) => AssertProblem(rpc,
        $"is '{rpc}', but the service '{service}' is unknown; known are FileService, FriendService, MsgStorageService, MsgTransmitService, "
        + "SpeechService, UserService, shop.Cart, others are made known by Gateway:DescriptorSets");

    [TestCase("alfa_im.NotifyMessage", "alfa_im.NotifyMessage")]
    [TestCase("beta_im.NotifyMessage", "beta_im.NotifyMessage")]
    [TestCase("NotifyMessage", "alfa_im.NotifyMessage")]
    [TestCase("beta_im.UserInfo", "beta_im.UserInfo")]
    [TestCase("chen_im.NotifyMessage", "bite_im.NotifyMessage")]
    [TestCase("chen_im.NoMessage", null)]
    public void FindMessage_OfSeveralWithOneName_IsTheOneOfThatPackage(string name, string? found)
    {
        var sut = new RpcCatalog([.. Descriptors.Chat("alfa_im"), .. Descriptors.Chat("beta_im")]);

        Assert.That(sut.FindMessage(name)?.FullName, Is.EqualTo(found));
    }

    [TestCase("bite_im.SpeechService/Sing")]
    [TestCase("bite_im.SpeechService/speechRecognition")]
    public void TryFind_UnknownMethod_NamesThoseThereAre(string rpc) => AssertProblem(rpc,
        $"is '{rpc}', but 'bite_im.SpeechService' has no method '{rpc[22..]}'; it has SpeechRecognition");

    [TestCase("shop.Cart/Watch")]
    [TestCase("shop.Cart/Feed")]
    public void TryFind_StreamingMethod_IsRefused(string rpc) => AssertProblem(rpc,
        $"is '{rpc}', a streaming method; only unary methods can be routed");

    [TestCase("")]
    [TestCase("/")]
    [TestCase("bite_im.UserService")]
    [TestCase("bite_im.UserService/")]
    [TestCase("/GetUserInfo")]
    [TestCase("/bite_im.UserService/GetUserInfo")]
    [TestCase("bite_im/UserService/GetUserInfo")]
    public void TryFind_NotServiceAndMethod_SaysHowToWriteIt(string rpc) => AssertProblem(rpc, $"is '{rpc}'; write it as 'package.Service/Method'");

    [Test]
    public void TryFind_DescriptorSetWithABuiltInName_AddsToItInItsPackage()
    {
        var shop = Descriptors.Shop;
        shop.File[0].Service[0].Name = "UserService";
        var sut = new RpcCatalog(Descriptors.Build(shop));

        Assert.That(sut.TryFind("shop.UserService/Add", out _, out var problem), Is.True, problem);
        Assert.That(sut.TryFind("bite_im.UserService/GetUserInfo", out _, out problem), Is.True, problem);
        Assert.That(sut.TryFind("shop.UserService/GetUserInfo", out _, out problem), Is.True, problem);
        Assert.That(sut.TryFind("bite_im.UserService/Add", out _, out _), Is.False);
    }

    private void AssertProblem(string rpc, string expected)
    {
        Assert.That(_sut.TryFind(rpc, out _, out var problem), Is.False);
        Assert.That(problem, Is.EqualTo(expected));
    }
}
