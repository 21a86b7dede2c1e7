using System.Buffers;
using Gateway.Transforms.Wire;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Gateway.Transforms.Events;

/// <summary>Whether a rule holds for a call.</summary>
internal abstract record Condition
{
    public abstract IEnumerable<Reference> References { get; }

    public abstract bool Holds(CallFacts facts);
}

internal sealed record AllOf(IReadOnlyList<Condition> Conditions) : Condition
{
    public override IEnumerable<Reference> References => Conditions.SelectMany(condition => condition.References);

    public override bool Holds(CallFacts facts) => Conditions.All(condition => condition.Holds(facts));
}

internal sealed record AnyOf(IReadOnlyList<Condition> Conditions) : Condition
{
    public override IEnumerable<Reference> References => Conditions.SelectMany(condition => condition.References);

    public override bool Holds(CallFacts facts) => Conditions.Any(condition => condition.Holds(facts));
}

internal sealed record Not(Condition Condition) : Condition
{
    public override IEnumerable<Reference> References => Condition.References;

    public override bool Holds(CallFacts facts) => !Condition.Holds(facts);
}

/// <summary>A message or list is there; a text is not empty; a number is not 0; a boolean is true.</summary>
internal sealed record IsSet(Reference Value) : Condition
{
    public override IEnumerable<Reference> References => [Value];

    public override bool Holds(CallFacts facts)
    {
        var count = Value.Count(facts);
        if (count == 0 || Value.IsList || Value.Kind.FieldType == FieldType.Message)
        {
            return count > 0;
        }

        var last = Value.Value(facts, count - 1);
        return Operand.IsText(Value.Kind) ? !last.IsEmpty : WireValue.Read(last, Value.Kind.FieldType) != 0;
    }
}

/// <summary>A field is on the wire, whatever its value.</summary>
internal sealed record IsPresent(Reference Value) : Condition
{
    public override IEnumerable<Reference> References => [Value];

    public override bool Holds(CallFacts facts) => Value.Count(facts) > 0;
}

/// <param name="Left">One side.</param>
/// <param name="Operator">One of == != &lt; &lt;= &gt; &gt;=.</param>
/// <param name="Right">The other side, of the same kind.</param>
internal sealed record Comparison(Operand Left, string Operator, Operand Right) : Condition
{
    public override IEnumerable<Reference> References => [.. Left.References, .. Right.References];

    public override bool Holds(CallFacts facts)
    {
        if (Left.Holds(Operand.Kinds.Text))
        {
            var equal = Left.Text(facts).Equals(Right.Text(facts));
            return Operator == "==" ? equal : !equal;
        }

        var (left, right) = (Left.Number(facts), Right.Number(facts));
        return Operator switch
        {
            "==" => left.Equals(right),
            "!=" => !left.Equals(right),
            "<" => left < right,
            "<=" => left <= right,
            ">" => left > right,
            _ => left >= right,
        };
    }
}

/// <summary>A side of a comparison: a constant, a value, or how much of it there is.</summary>
/// <param name="Value">What is read; null for a constant.</param>
/// <param name="IsSize">How many values of a list, or how many bytes of a text, not the value.</param>
/// <param name="ConstantNumber">The constant, if it is a number.</param>
/// <param name="ConstantText">The constant, if it is a text.</param>
internal sealed record Operand(Reference? Value, bool IsSize, double ConstantNumber = 0, ByteString? ConstantText = null)
{
    internal enum Kinds
    {
        Number,
        Text,
    }

    public IEnumerable<Reference> References => Value is null ? [] : [Value];

    public static bool IsText(FieldDescriptor field) => field.FieldType is FieldType.String or FieldType.Bytes;

    public bool Holds(Kinds kind) => kind == (ConstantText is not null || (Value is not null && !IsSize && IsText(Value.Kind)) ? Kinds.Text : Kinds.Number);

    public ByteString Text(CallFacts facts)
    {
        if (Value is null)
        {
            return ConstantText!;
        }

        var count = Value.Count(facts);
        return count == 0 ? ByteString.Empty : ByteString.CopyFrom(Value.Value(facts, count - 1).ToArray());
    }

    public double Number(CallFacts facts)
    {
        if (Value is null)
        {
            return ConstantNumber;
        }

        var count = Value.Count(facts);
        if (!IsSize)
        {
            return count == 0 ? 0 : WireValue.Read(Value.Value(facts, count - 1), Value.Kind.FieldType);
        }

        if (!Value.IsList)
        {
            return count == 0 ? 0 : Value.Value(facts, count - 1).Length;
        }

        var wireType = WireTag.TypeOf(Value.Kind.FieldType);
        return wireType == WireTag.LengthDelimited ? count : Enumerable.Range(0, count).Sum(i => NumbersIn(Value.Value(facts, i), wireType));
    }

    /// <summary>How many numbers a value of a list is: they may be packed.</summary>
    private static long NumbersIn(ReadOnlySequence<byte> packed, int wireType)
    {
        if (wireType != WireTag.Varint)
        {
            return packed.Length / (wireType == WireTag.Fixed64 ? sizeof(ulong) : sizeof(uint));
        }

        var count = 0L;
        foreach (var piece in packed)
        {
            foreach (var next in piece.Span)
            {
                count += next < 0x80 ? 1 : 0;
            }
        }

        return count;
    }
}
