using System.Buffers;
using Gateway.Transforms.Wire;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Gateway.Transforms.Events;

/// <summary>
/// A message that is made of constants and of values of the call, straight from bytes to bytes. Messages on the way to a value are
/// written, whether there is one or not; a value that is its type's default is left out, as in every proto3 message.
/// </summary>
internal sealed class MessageTemplate
{
    private readonly Node _root = new(0);
    private int _nodes = 1;

    /// <summary>What is read of the call.</summary>
    public List<Reference> References { get; } = [];

    /// <summary>Sets a field to a constant.</summary>
    /// <param name="path">The fields on the way, all of them messages but the last.</param>
    /// <param name="encoded">The last field as it is written; empty for one that is left out.</param>
    public void Set(IReadOnlyList<FieldDescriptor> path, byte[] encoded) => Find(path).Constant = encoded;

    /// <summary>Sets a field to a value of the call, of the same kind.</summary>
    public void Set(IReadOnlyList<FieldDescriptor> path, Reference value)
    {
        Find(path).Value = value;
        References.Add(value);
    }

    /// <summary>Whether all values of the call are what their kind says, see <see cref="Reference.IsSound"/>.</summary>
    public bool IsSound(CallFacts facts)
    {
        foreach (var value in References)
        {
            if (!value.IsSound(facts))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>How long the message is, and room for what <see cref="Write"/> has to know.</summary>
    public (int Length, int[] Sizes) Measure(CallFacts facts)
    {
        var sizes = new int[_nodes];
        return (Measure(_root, facts, sizes), sizes);
    }

    /// <summary>The message by itself.</summary>
    public byte[] Make(CallFacts facts)
    {
        var (length, sizes) = Measure(facts);
        var message = new byte[length];
        Write(facts, sizes, message);
        return message;
    }

    public void Write(CallFacts facts, int[] sizes, Span<byte> target) => WriteFields(_root, facts, sizes, ref target);

    private Node Find(IReadOnlyList<FieldDescriptor> path)
    {
        var node = _root;
        foreach (var field in path)
        {
            var below = node.Children.Find(child => child.Field == field);
            if (below is null)
            {
                // In the order of their numbers, as serializers write them.
                below = new Node(_nodes++) { Field = field };
                node.Children.Insert(node.Children.Count(child => child.Field.FieldNumber < field.FieldNumber), below);
            }

            node = below;
        }

        return node;
    }

    private static int Measure(Node node, CallFacts facts, int[] sizes)
    {
        var size = 0;
        foreach (var child in node.Children)
        {
            size += child.Constant is { } constant ? constant.Length
                : child.Value is { } value ? MeasureValue(child, value, facts, sizes)
                : WireValue.FieldSize(child.Field.FieldNumber, Measure(child, facts, sizes));
        }

        return sizes[node.Index] = size;
    }

    private static void WriteFields(Node node, CallFacts facts, int[] sizes, ref Span<byte> target)
    {
        foreach (var child in node.Children)
        {
            if (child.Constant is { } constant)
            {
                constant.CopyTo(target);
                target = target[constant.Length..];
            }
            else if (child.Value is { } value)
            {
                WriteValue(child, value, facts, sizes, ref target);
            }
            else
            {
                WireValue.WriteHead(ref target, child.Field.FieldNumber, sizes[child.Index]);
                WriteFields(child, facts, sizes, ref target);
            }
        }
    }

    /// <summary>Of values that are written as one, their length without tag stands in <paramref name="sizes"/> afterwards.</summary>
    private static int MeasureValue(Node node, Reference value, CallFacts facts, int[] sizes)
    {
        var (field, count) = (node.Field, value.Count(facts));
        var wireType = WireTag.TypeOf(field.FieldType);
        if (count == 0)
        {
            return 0;
        }

        var length = 0;
        if (field.IsRepeated && wireType == WireTag.LengthDelimited)
        {
            for (var i = 0; i < count; i++)
            {
                length += WireValue.FieldSize(field.FieldNumber, (int)value.Value(facts, i).Length);
            }

            return length;
        }

        if (wireType != WireTag.LengthDelimited && !field.IsRepeated)
        {
            var bits = WireValue.Bits(value.Value(facts, count - 1), field.FieldType);
            return bits == 0 && !field.HasPresence ? 0
                : WireValue.VarintSize(Tag(field, wireType)) + (wireType == WireTag.Varint ? WireValue.VarintSize(bits) : wireType == WireTag.Fixed64 ? sizeof(ulong) : sizeof(uint));
        }

        for (var i = 0; i < count; i++)
        {
            length += (int)value.Value(facts, i).Length;
        }

        sizes[node.Index] = length;
        return length == 0 && !field.HasPresence ? 0 : WireValue.FieldSize(field.FieldNumber, length);
    }

    private static void WriteValue(Node node, Reference value, CallFacts facts, int[] sizes, ref Span<byte> target)
    {
        var (field, count) = (node.Field, value.Count(facts));
        var wireType = WireTag.TypeOf(field.FieldType);
        if (count == 0)
        {
            return;
        }

        if (field.IsRepeated && wireType == WireTag.LengthDelimited)
        {
            for (var i = 0; i < count; i++)
            {
                var one = value.Value(facts, i);
                WireValue.WriteHead(ref target, field.FieldNumber, (int)one.Length);
                Copy(one, ref target);
            }
        }
        else if (wireType != WireTag.LengthDelimited && !field.IsRepeated)
        {
            var last = value.Value(facts, count - 1);
            var bits = WireValue.Bits(last, field.FieldType);
            if (bits == 0 && !field.HasPresence)
            {
                return;
            }

            WireValue.WriteVarint(ref target, Tag(field, wireType));
            if (wireType == WireTag.Varint)
            {
                WireValue.WriteVarint(ref target, bits);
            }
            else
            {
                Copy(last, ref target);
            }
        }
        else if (sizes[node.Index] > 0 || field.HasPresence)
        {
            // Several messages of one field are one message, and numbers of a list are packed.
            WireValue.WriteHead(ref target, field.FieldNumber, sizes[node.Index]);
            for (var i = 0; i < count; i++)
            {
                Copy(value.Value(facts, i), ref target);
            }
        }
    }

    private static void Copy(in ReadOnlySequence<byte> value, ref Span<byte> target)
    {
        value.CopyTo(target);
        target = target[(int)value.Length..];
    }

    private static uint Tag(FieldDescriptor field, int wireType) => WireFormat.MakeTag(field.FieldNumber, (WireFormat.WireType)wireType);

    private sealed class Node(int index)
    {
        public int Index => index;

        public FieldDescriptor Field { get; init; } = null!;

        public List<Node> Children { get; } = [];

        public byte[]? Constant { get; set; }

        public Reference? Value { get; set; }
    }
}
