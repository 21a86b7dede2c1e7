using System.Buffers;
using Google.Protobuf.Reflection;

namespace Gateway.Transforms.Wire;

/// <summary>
/// Finds the values at some paths of a message in one pass, without parsing it. By the rules of parsers: of several values of one field the
/// last counts, several messages of one field are one, and of a oneof only the last is there.
/// </summary>
internal sealed class MessageQuery(MessageDescriptor type)
{
    /// <summary>The most values of a list that room is made for at once, if as many may come. Growing step by step costs twice as much.</summary>
    private const int MaxFirstRoom = 128;

    /// <summary>A message up to this length, in bytes, lies in few pieces.</summary>
    private const int MaxPieces = 64 << 10;

    private readonly Node _root = new();
    private readonly List<IReadOnlyList<FieldDescriptor>> _paths = [];

    public MessageDescriptor Type => type;

    /// <summary>Asks for one more path, whose last field may be anything, and the others messages. Returns its number among the values.</summary>
    public int Add(IReadOnlyList<FieldDescriptor> path)
    {
        var known = _paths.FindIndex(other => other.SequenceEqual(path));
        if (known >= 0)
        {
            return known;
        }

        _paths.Add(path);
        var node = _root;
        foreach (var field in path)
        {
            node = node.Below(field);
        }

        node.Slot = _paths.Count - 1;
        return node.Slot;
    }

    /// <exception cref="MalformedFieldException">The message, or one on the way to a value, is not well-formed.</exception>
    public FieldValues Find(in ReadOnlySequence<byte> message)
    {
        var found = new List<FieldRange>?[_paths.Count];
        // Even where nothing is asked: what cannot be read is told.
        Find(message, 0, _root, found, _paths.Count == 0 ? [] : new int[_paths.Count]);
        return new FieldValues(message.Length > MaxPieces && found.Any(ranges => ranges?.Count > MaxFirstRoom) ? InOnePiece(message) : message, found);
    }

    /// <summary>Otherwise each of many values would be sought from the beginning, through all pieces of memory before it.</summary>
    private static ReadOnlySequence<byte> InOnePiece(in ReadOnlySequence<byte> message) => message.IsSingleSegment ? message : new(message.ToArray());

    /// <param name="message">The message to be looked through.</param>
    /// <param name="offset">Where it begins in the outermost.</param>
    /// <param name="node">What is asked of it.</param>
    /// <param name="found">Takes the values.</param>
    /// <param name="firsts">How many values of each path there were before the innermost element of a list that is being read.</param>
    private static void Find(
        in ReadOnlySequence<byte> message, long offset, Node node, List<FieldRange>?[] found, int[] firsts)
    {
        int[]? counts = null;
        var reader = new SequenceReader<byte>(message);
        while (!reader.End)
        {
            if (FieldReader.Read(ref reader, out var number, out var wireType, out var value, out var start) is { } problem)
            {
                throw new MalformedFieldException(problem, isOutermost: offset == 0);
            }

            foreach (var child in node.Children)
            {
                if (child.Field.FieldNumber == number && child.Takes(wireType))
                {
                    var range = new FieldRange(offset + value.Offset, value.Length);
                    if (child.Slot >= 0)
                    {
                        Keep(child, range, found, firsts, reader.Remaining);
                    }

                    if (child.Children.Count > 0)
                    {
                        if (child.Field.IsRepeated)
                        {
                            CountIn(found, counts ??= new int[found.Length]);
                        }

                        Find(message.Slice(start, range.Length), range.Offset, child, found, child.Field.IsRepeated ? counts! : firsts);
                    }
                }
                else if (child.Rivals?.Contains((number, wireType)) == true)
                {
                    child.Clear(found, firsts);
                }
            }
        }
    }

    /// <param name="node">What was asked for.</param>
    /// <param name="range">What was found.</param>
    /// <param name="found">Takes it.</param>
    /// <param name="firsts">How many values of each path there were before the innermost element of a list that is being read.</param>
    /// <param name="left">How many bytes are still to come, which may hold more values of the kind.</param>
    private static void Keep(Node node, FieldRange range, List<FieldRange>?[] found, int[] firsts, long left)
    {
        var ranges = found[node.Slot] ??= new List<FieldRange>(node.Field.IsRepeated ? 1 + (int)Math.Min(left / (range.Length + 2), MaxFirstRoom) : 1);
        if (!node.Field.IsRepeated && node.Field.FieldType != FieldType.Message && ranges.Count > firsts[node.Slot])
        {
            ranges[^1] = range;
        }
        else
        {
            ranges.Add(range);
        }
    }

    private static void CountIn(List<FieldRange>?[] found, int[] counts)
    {
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] = found[i]?.Count ?? 0;
        }
    }

    private sealed class Node(FieldDescriptor? of = null)
    {
        public FieldDescriptor Field => of!;

        public List<Node> Children { get; } = [];

        /// <summary>The number of the path that ends here; -1 for none.</summary>
        public int Slot { get; set; } = -1;

        /// <summary>The other fields of a oneof, as they are written: of another wire type they are unknown. Null for a field that is in none.</summary>
        public (int Number, int WireType)[]? Rivals { get; } = of?.RealContainingOneof?.Fields
            .Where(other => other != of).Select(other => (other.FieldNumber, WireTag.TypeOf(other.FieldType))).ToArray();

        public Node Below(FieldDescriptor below)
        {
            if (Children.Find(child => child.Field == below) is not { } node)
            {
                Children.Add(node = new Node(below));
            }

            return node;
        }

        /// <summary>A field of another wire type than its own is an unknown one.</summary>
        public bool Takes(int wireType)
        {
            var own = WireTag.TypeOf(Field.FieldType);
            return wireType == own || (wireType == WireTag.LengthDelimited && Field.IsRepeated);
        }

        public void Clear(List<FieldRange>?[] found, int[] firsts)
        {
            if (Slot >= 0 && found[Slot] is { } ranges)
            {
                ranges.RemoveRange(firsts[Slot], ranges.Count - firsts[Slot]);
            }

            foreach (var child in Children)
            {
                child.Clear(found, firsts);
            }
        }
    }
}

/// <summary>What a <see cref="MessageQuery"/> has found. It refers to the message, and lives no longer.</summary>
internal readonly struct FieldValues(ReadOnlySequence<byte> message, IReadOnlyList<IReadOnlyList<FieldRange>?> found)
{
    /// <summary>How many values there are at a path.</summary>
    public int Count(int slot) => found[slot]?.Count ?? 0;

    public ReadOnlySequence<byte> Value(int slot, int index)
    {
        var range = found[slot]![index];
        return message.Slice(range.Offset, range.Length);
    }
}

/// <summary>A message in which something cannot be read.</summary>
/// <param name="problem">Why, in a few words.</param>
/// <param name="isOutermost">Whether that is in the message itself, and not in one within it.</param>
internal sealed class MalformedFieldException(string problem, bool isOutermost) : Exception(problem)
{
    public bool IsOutermost => isOutermost;
}
