using Gateway.Protocol;
using Gateway.Transforms.Events;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Gateway.Tests.Transforms.Events;

/// <summary>Messages by the names of their fields are what the library of protobuf makes of the same JSON.</summary>
[TestFixture]
internal sealed class FieldsEncoderTests
{
    private static IEnumerable<TestCaseData> Messages =>
    [
        Case(NotifyMessage.Descriptor, "{}"),
        Case(NotifyMessage.Descriptor, """{ "friend_remove": { "userId": "bob" }, "notifyType": "FRIEND_REMOVE_NOTIFY", "notify_event_id": "ünïcode" }"""),
        Case(NotifyMessage.Descriptor, """{ "notify_type": 4, "friend_remove": { } }"""),
        Case(NotifyMessage.Descriptor, """{ "notify_type": 0, "notify_event_id": "", "friend_remove": null, "friend_process_result": { "agree": false } }"""),
        Case(NotifyMessage.Descriptor, """{ "new_message_info": { "message_info": { "timestamp": "9007199254740993", "sender": { "avatar": "AAEC" }, "message": { "file_message": { "file_size": 7 } } } } }"""),
        Case(GetMultiUserInfoRsp.Descriptor, """{ "success": true, "users_info": { "a": { "user_id": "a" }, "b": { } } }"""),
        Case(GetFriendListRsp.Descriptor, """{ "friend_list": [{ "user_id": "a" }, { }, { "user_id": "b" }] }"""),
        Case(FieldMask.Descriptor, """{ "paths": ["a", "", "b"] }""", new FieldMask { Paths = { "a", "", "b" } }),
        Case(SourceCodeInfo.Types.Location.Descriptor, """{ "path": [1, -1, 300], "span": [] }"""),
        Case(DoubleValue.Descriptor, """{ "value": -0.5 }""", new DoubleValue { Value = -0.5 }),
        Case(UInt64Value.Descriptor, """{ "value": "18446744073709551615" }""", new UInt64Value { Value = ulong.MaxValue }),
    ];

    [TestCaseSource(nameof(Messages))]
    public void Encode_IsWhatTheLibraryMakes(MessageDescriptor type, string json, byte[] expected) =>
        Assert.That(type.Parser.ParseFrom(new FieldsEncoder(explicitDefaults: false).Encode(type, Struct.Parser.ParseJson(json))).ToByteArray(), Is.EqualTo(expected));

    [Test]
    public void Encode_WritesFieldsInOrder_AndDefaultsIfTold()
    {
        var fields = Struct.Parser.ParseJson("""{ "friend_remove": { "user_id": "b" }, "notify_type": 0 }""");

        Assert.That(new FieldsEncoder(explicitDefaults: false).Encode(NotifyMessage.Descriptor, fields), Is.EqualTo(Convert.FromHexString("3A030A0162")));
        Assert.That(new FieldsEncoder(explicitDefaults: true).Encode(NotifyMessage.Descriptor, fields), Is.EqualTo(Convert.FromHexString("10003A030A0162")));
    }

    [TestCase("""{ "notify_type": "FRIEND_REMOVED" }""", "'notify_type' is 'FRIEND_REMOVED', but NotifyType has no value 'FRIEND_REMOVED'; it has FRIEND_ADD_APPLY_NOTIFY, FRIEND_ADD_PROCESS_NOTIFY, CHAT_SESSION_CREATE_NOTIFY, CHAT_MESSAGE_NOTIFY, FRIEND_REMOVE_NOTIFY")]
    [TestCase("""{ "notify_type": true }""", "'notify_type' has to be a number")]
    [TestCase("""{ "notify_event_id": 7 }""", "'notify_event_id' has to be a text")]
    [TestCase("""{ "friend_process_result": { "agree": "true" } }""", "'friend_process_result.agree' has to be a bool")]
    [TestCase("""{ "friend_remove": "bob" }""", "'friend_remove' has to be an object")]
    [TestCase("""{ "friend_remove": { "user": "bob" } }""", "'friend_remove.user' is no field of NotifyFriendRemove; it has user_id")]
    [TestCase("""{ "new_message_info": { "message_info": { "timestamp": 0.5 } } }""", "'new_message_info.message_info.timestamp' is '0.5', but that is no Int64")]
    [TestCase("""{ "notify_type": 1, "notifyType": 2 }""", "'notify_type' and 'notify_type' are both set, and only one can be there; keep one of them")]
    public void Encode_WhatIsNoSuchMessage_IsRefusedWithTheCure(string json, string sentence) => Assert.That(
        () => new FieldsEncoder(explicitDefaults: false).Encode(NotifyMessage.Descriptor, Struct.Parser.ParseJson(json)), Throws.InstanceOf<FormatException>().With.Message.EqualTo(sentence));

    private static TestCaseData Case(MessageDescriptor type, string json, IMessage? expected = null) =>
        new(type, json, (expected ?? JsonParser.Default.Parse(json, type)).ToByteArray()) { TestName = $"Encode_IsWhatTheLibraryMakes({type.Name}: {json})" };
}
