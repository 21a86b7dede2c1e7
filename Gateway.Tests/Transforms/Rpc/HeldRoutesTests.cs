using Gateway.Transforms.Events;
using Gateway.Transforms.Rpc;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Transforms.Rpc;

[TestFixture]
internal sealed class HeldRoutesTests
{
    private readonly HeldRoutes _sut = new(new RpcRouteParser(new RpcCatalogs(), new RuleParser(Options.Create(new EventOptions()), Options.Create(new UserDetailsOptions())), Options.Create(new RpcOptions())));

    [Test]
    public void Describe_SessionBehindALargeValue_NamesRouteMessageAndField() => Assert.That(
        _sut.Describe([Route("bite_im.SpeechService/SpeechRecognition")]),
        Is.EqualTo(new[] { "Route 'r' holds large requests before their sender is known: in 'SpeechRecognitionReq', 'speech_content' comes before session_id." }));

    [TestCase("bite_im.FileService/PutSingleFile", TestName = "Describe_LargeValueBehindTheSession_SaysNothing")]
    [TestCase("bite_im.FriendService/FriendSearch", TestName = "Describe_OnlyTextsBeforeTheSession_SaysNothing")]
    [TestCase("bite_im.UserService/UserLogin", TestName = "Describe_NoSession_SaysNothing")]
    [TestCase("bite_im.NoService/None", TestName = "Describe_RouteWithAMistake_SaysNothing")]
    public void Describe_Others(string rpc) => Assert.That(_sut.Describe([Route(rpc)]), Is.Empty);

    [Test]
    public void Describe_AnonymousRoute_SaysNothing() =>
        Assert.That(_sut.Describe([Route("bite_im.SpeechService/SpeechRecognition", ("Session", "Anonymous"))]), Is.Empty);

    [Test]
    public void Describe_OrdinaryRoute_SaysNothing() => Assert.That(_sut.Describe([new RouteConfig { RouteId = "r" }]), Is.Empty);

    private static RouteConfig Route(string rpc, params IEnumerable<(string Key, string Value)> further) => new()
    {
        RouteId = "r",
        Transforms = [further.Prepend((Key: "Rpc", Value: rpc)).ToDictionary(setting => setting.Key, setting => setting.Value)],
    };
}
