using Gateway.Transforms.Events;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Schema;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Transforms.Routes;

[TestFixture]
internal sealed class RouteNotesTests
{
    private readonly RouteChecks _sut = Sut();

    [Test]
    public void Describe_SessionBehindALargeValue_NamesRouteMessageAndField() => Assert.That(
        _sut.FindNotes([Route("bite_im.SpeechService/SpeechRecognition")]),
        Is.EqualTo(new[]
        {
            "Route 'r' holds large requests before their sender is known: in 'SpeechRecognitionReq', 'speech_content' comes before the session id. "
            + "Nothing to do, unless the message is yours: then give its session id a lower number (event 1005 in docs/log-events.md).",
        }));

    [TestCase("bite_im.FileService/PutSingleFile", TestName = "Describe_LargeValueBehindTheSession_SaysNothing")]
    [TestCase("bite_im.FriendService/FriendSearch", TestName = "Describe_OnlyTextsBeforeTheSession_SaysNothing")]
    [TestCase("bite_im.UserService/UserLogin", TestName = "Describe_NoSession_SaysNothing")]
    [TestCase("bite_im.NoService/None", TestName = "Describe_RouteWithAMistake_SaysNothing")]
    public void Describe_Others(string rpc) => Assert.That(_sut.FindNotes([Route(rpc)]), Is.Empty);

    [Test]
    public void Describe_AnonymousRoute_SaysNothing() =>
        Assert.That(_sut.FindNotes([Route("bite_im.SpeechService/SpeechRecognition", ("Session", "Anonymous"))]), Is.Empty);

    [Test]
    public void Describe_AnswerThatCannotSayWhy_NamesItAndTheCure() => Assert.That(
        Sut(new() { Envelope = new() { Message = "error_message" } }).FindNotes([Route("bite_im.UserService/UserLogin")]),
        Is.EqualTo(new[] { "Route 'r' cannot say why a call failed: 'UserLoginRsp' has no field 'error_message'; name one in 'Envelope'." }));

    [Test]
    public void Describe_OrdinaryRoute_SaysNothing() => Assert.That(_sut.FindNotes([new RouteConfig { RouteId = "r" }]), Is.Empty);

    private static RouteChecks Sut(MessageOptions? messages = null)
    {
        var catalogs = new RpcCatalogs();
        return new RouteChecks(Parsers.Routes(catalogs, messages: messages), new TestEvent(Options.Create(new EventOptions()), catalogs), catalogs);
    }

    private static RouteConfig Route(string rpc, params IEnumerable<(string Key, string Value)> further) => new()
    {
        RouteId = "r",
        Transforms = [further.Prepend((Key: "Rpc", Value: rpc)).ToDictionary(setting => setting.Key, setting => setting.Value)],
    };
}
