using Gateway.Transforms.Bodies;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Transforms.Bodies;

[TestFixture]
internal sealed class RpcContentTests
{
    [TestCase(null)]
    [TestCase("")]
    [TestCase("application/x-protobuf")]
    [TestCase("application/protobuf")]
    [TestCase("application/proto")]
    [TestCase("application/octet-stream")]
    [TestCase("Application/X-Protobuf")]
    [TestCase("application/x-protobuf; charset=utf-8")]
    [TestCase("application/x-protobuf ;messageType=\"bite_im.UserLoginReq\"")]
    public void IsMessage_ProtobufOrNoType_IsTrue(string? type)
    {
        Assert.That(RpcContent.IsMessage(type), Is.True);
        Assert.That(RpcContent.IsMessage(Request(type)), Is.True);
    }

    [TestCase("application/json")]
    [TestCase("text/plain")]
    [TestCase("application/x-protobuf2")]
    [TestCase("application/x-protobu")]
    [TestCase("x/application/x-protobuf")]
    [TestCase(";application/x-protobuf")]
    [TestCase("application/grpc")]
    [TestCase("application/x-www-form-urlencoded")]
    public void IsMessage_OtherType_IsFalse(string type)
    {
        Assert.That(RpcContent.IsMessage(type), Is.False);
        Assert.That(RpcContent.IsMessage(Request(type)), Is.False);
    }

    [TestCase("identity", true)]
    [TestCase("Identity", true)]
    [TestCase("", true)]
    [TestCase("gzip", false)]
    [TestCase("identity, gzip", false)]
    public void IsMessage_RequestWithContentEncoding_HasToBeUncompressed(string encoding, bool expected) =>
        Assert.That(RpcContent.IsMessage(Request("application/x-protobuf", encoding)), Is.EqualTo(expected));

    [Test]
    public void IsMessage_SeveralContentEncodings_IsFalse() =>
        Assert.That(RpcContent.IsMessage(Request("application/x-protobuf", "identity", "gzip")), Is.False);

    private static HttpRequest Request(string? type, params string[] encodings)
    {
        var request = new DefaultHttpContext().Request;
        request.ContentType = type;
        request.Headers.ContentEncoding = encodings;
        return request;
    }
}
