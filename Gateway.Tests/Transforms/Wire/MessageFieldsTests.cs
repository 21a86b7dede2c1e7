using Gateway.Protocol;
using Gateway.Transforms.Wire;
using Google.Protobuf.Reflection;

namespace Gateway.Tests.Transforms.Wire;

[TestFixture]
internal sealed class MessageFieldsTests
{
    [Test]
    public void Of_MessageWithSession_FindsAllThree() =>
        Assert.That(MessageFields.Of(FriendAddProcessReq.Descriptor), Is.EqualTo(new MessageFields(RequestId: 1, SessionId: 5, UserId: 6)));

    [Test]
    public void Of_MessageWithoutSession_FindsTheRequestIdAlone() =>
        Assert.That(MessageFields.Of(UserLoginReq.Descriptor), Is.EqualTo(new MessageFields(RequestId: 1, SessionId: 0, UserId: 0)));

    [Test]
    public void Of_FieldsOfOtherTypes_AreNoIds()
    {
        var file = new FileDescriptorProto { Name = "odd.proto", Syntax = "proto3" };
        file.MessageType.Add(new DescriptorProto
        {
            Name = "Odd",
            Field =
            {
                Field("request_id", 1, FieldDescriptorProto.Types.Type.Bytes, FieldDescriptorProto.Types.Label.Optional),
                Field("session_id", 2, FieldDescriptorProto.Types.Type.String, FieldDescriptorProto.Types.Label.Repeated),
                Field("user_id", 3, FieldDescriptorProto.Types.Type.Int64, FieldDescriptorProto.Types.Label.Optional),
            },
        });
        var odd = FileDescriptor.BuildFromByteStrings([Google.Protobuf.MessageExtensions.ToByteString(file)])[0].MessageTypes[0];

        Assert.That(MessageFields.Of(odd), Is.EqualTo(MessageFields.None));
    }

    private static FieldDescriptorProto Field(
        string name, int number, FieldDescriptorProto.Types.Type type, FieldDescriptorProto.Types.Label label) =>
        new() { Name = name, Number = number, Type = type, Label = label };
}
