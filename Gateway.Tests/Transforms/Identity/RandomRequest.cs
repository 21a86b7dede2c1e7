using System.Text;
using Gateway.Protocol;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Gateway.Tests.Transforms.Identity;

/// <summary>Request messages that carry a session, filled at random.</summary>
internal static class RandomRequest
{
    /// <summary>Every request of the system that carries a session.</summary>
    public static readonly MessageDescriptor[] Types =
    [
        .. new[]
        {
            UserReflection.Descriptor, FriendReflection.Descriptor, MessageTransmitReflection.Descriptor,
            MessageStorageReflection.Descriptor, FileReflection.Descriptor, SpeechRecognitionReflection.Descriptor,
        }
        .SelectMany(file => file.MessageTypes)
        .Where(type => type.FindFieldByName("session_id") is not null && type.FindFieldByName("user_id") is not null),
    ];

    /// <summary>A request with a session id; every other field is there or not as chance has it.</summary>
    public static IMessage Make(MessageDescriptor type, Random random)
    {
        var request = Fill(type, random);
        type.FindFieldByName("session_id").Accessor.SetValue(request, "s" + random.Next(1_000_000));
        return request;
    }

    /// <summary>A message in which every field is there or not as chance has it.</summary>
    public static IMessage Fill(MessageDescriptor type, Random random, int depth = 3)
    {
        var message = type.Parser.ParseFrom([]);
        foreach (var field in type.Fields.InDeclarationOrder().Where(_ => random.Next(3) > 0))
        {
            if (field.FieldType == FieldType.Message && depth == 0)
            {
                continue;
            }

            if (field.IsRepeated)
            {
                var list = (System.Collections.IList)field.Accessor.GetValue(message);
                for (var i = random.Next(4); i > 0; i--)
                {
                    list.Add(Value(field, random, depth));
                }
            }
            else
            {
                field.Accessor.SetValue(message, Value(field, random, depth));
            }
        }

        return message;
    }

    private static object Value(FieldDescriptor field, Random random, int depth) => field.FieldType switch
    {
        FieldType.String => Text(random),
        FieldType.Bytes => ByteString.CopyFrom(Bytes(random)),
        FieldType.Bool => random.Next(2) == 0,
        FieldType.Int64 => random.NextInt64() >> random.Next(64),
        FieldType.Enum => random.Next(-1, 6),
        FieldType.Message => Fill(field.MessageType, random, depth - 1),
        _ => throw new NotSupportedException($"No random value for {field.FieldType}"),
    };

    private static string Text(Random random)
    {
        var text = new StringBuilder();
        for (var i = Length(random); i > 0; i--)
        {
            text.Append(new Rune(random.Next(4) == 0 ? random.Next(0x4E00, 0x9FFF) : random.Next(1, 128)));
        }

        return text.ToString();
    }

    private static byte[] Bytes(Random random)
    {
        var bytes = new byte[Length(random)];
        random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>Mostly short, now and then long enough for a length of two bytes.</summary>
    private static int Length(Random random) => random.Next(8) == 0 ? random.Next(400) : random.Next(12);
}
