using Gateway.Protocol;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Gateway.Tests.Transforms.Schema;

/// <summary>A service that the gateway does not know when it is built.</summary>
internal static class Descriptors
{
    /// <summary>
    /// Package <c>shop</c>: <c>Cart/Add</c> with session_id and user_id, <c>Cart/Watch</c> that streams its answers, <c>Cart/Feed</c> that
    /// streams its requests, <c>Cart/Odd</c> whose session_id is bytes, <c>Cart/Camel</c> that spells it sessionId, <c>Cart/Number</c> whose
    /// user_id is no string.
    /// </summary>
    public static FileDescriptorSet Shop
    {
        get
        {
            var file = new FileDescriptorProto { Name = "shop.proto", Package = "shop", Syntax = "proto3" };
            file.MessageType.Add(Message("AddReq", ("request_id", Text), ("session_id", Text), ("user_id", Text)));
            file.MessageType.Add(Message("OddReq", ("request_id", Text), ("session_id", FieldDescriptorProto.Types.Type.Bytes), ("user_id", Text)));
            file.MessageType.Add(Message("CamelReq", ("request_id", Text), ("sessionId", Text), ("user_id", Text)));
            file.MessageType.Add(Message("NumberReq", ("request_id", Text), ("session_id", Text), ("user_id", FieldDescriptorProto.Types.Type.Int64)));
            file.MessageType.Add(Message("AddRsp", ("request_id", Text), ("success", FieldDescriptorProto.Types.Type.Bool), ("errmsg", Text)));
            file.Service.Add(new ServiceDescriptorProto
            {
                Name = "Cart",
                Method =
                {
                    new MethodDescriptorProto { Name = "Add", InputType = ".shop.AddReq", OutputType = ".shop.AddRsp" },
                    new MethodDescriptorProto { Name = "Watch", InputType = ".shop.AddReq", OutputType = ".shop.AddRsp", ServerStreaming = true },
                    new MethodDescriptorProto { Name = "Feed", InputType = ".shop.AddReq", OutputType = ".shop.AddRsp", ClientStreaming = true },
                    new MethodDescriptorProto { Name = "Odd", InputType = ".shop.OddReq", OutputType = ".shop.AddRsp" },
                    new MethodDescriptorProto { Name = "Camel", InputType = ".shop.CamelReq", OutputType = ".shop.AddRsp" },
                    new MethodDescriptorProto { Name = "Number", InputType = ".shop.NumberReq", OutputType = ".shop.AddRsp" },
                },
            });
            return new FileDescriptorSet { File = { file } };
        }
    }

    /// <summary>The events of the wire contract and what they are made of, in a package of another name, and changed at will.</summary>
    public static IReadOnlyList<FileDescriptor> Chat(string package, Action<FileDescriptorProto>? change = null) => FileDescriptor.BuildFromByteStrings(
    [
        .. new[] { BaseReflection.Descriptor, NotifyReflection.Descriptor }.Select(file =>
        {
            var copy = FileDescriptorProto.Parser.ParseJson(JsonFormatter.Default.Format(file.ToProto()).Replace("bite_im", package, StringComparison.Ordinal));
            change?.Invoke(copy);
            return copy.ToByteString();
        }),
    ]);

    public static IReadOnlyList<FileDescriptor> Build(FileDescriptorSet set) =>
        FileDescriptor.BuildFromByteStrings(set.File.Select(file => file.ToByteString()));

    private const FieldDescriptorProto.Types.Type Text = FieldDescriptorProto.Types.Type.String;

    private static DescriptorProto Message(string name, params (string Name, FieldDescriptorProto.Types.Type Type)[] fields)
    {
        var message = new DescriptorProto { Name = name };
        message.Field.AddRange(fields.Select((field, i) => new FieldDescriptorProto
        {
            Name = field.Name, Number = i + 1, Type = field.Type, Label = FieldDescriptorProto.Types.Label.Optional,
        }));
        return message;
    }
}
