using System.Buffers;
using System.Text;
using Gateway.Transforms.Wire;
using Google.Protobuf.Reflection;

namespace Gateway.Transforms.Events;

/// <summary>Something that a rule reads: a field of a message, the caller, or what is known of a user.</summary>
internal abstract class Reference
{
    /// <summary>The field, or one like it, that says what kind of value this is.</summary>
    public abstract FieldDescriptor Kind { get; }

    /// <summary>Whether there may be any number of values.</summary>
    public abstract bool IsList { get; }

    /// <summary>Who has to be asked before it can be read.</summary>
    public virtual IEnumerable<LookUp> LookUps => [];

    /// <summary>Whose details have to be known before it can be read.</summary>
    public virtual IEnumerable<Reference> Users => [];

    /// <summary>How many values there are.</summary>
    public abstract int Count(CallFacts facts);

    public abstract ReadOnlySequence<byte> Value(CallFacts facts, int index);

    /// <summary>A text, empty where there is none.</summary>
    public string Text(CallFacts facts) => Count(facts) is > 0 and var count ? Text(facts, count - 1) : "";

    public string Text(CallFacts facts, int index) => Encoding.UTF8.GetString(Value(facts, index));

    /// <summary>Whether all values are what their kind says: of a request that has been checked before, of others not.</summary>
    public bool IsSound(CallFacts facts)
    {
        for (var i = 0; i < Count(facts); i++)
        {
            if (!MessageCheck.IsSound(Value(facts, i), Kind))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>A field of the request, of the answer, or of what a look-up has answered.</summary>
/// <param name="source">Which message, see <see cref="CallFacts"/>.</param>
/// <param name="slot">The number of its path there.</param>
/// <param name="path">The fields on the way.</param>
/// <param name="lookUp">What has answered it; null for the call itself.</param>
internal sealed class FieldReference(int source, int slot, IReadOnlyList<FieldDescriptor> path, LookUp? lookUp) : Reference
{
    public override FieldDescriptor Kind => path[^1];

    public override bool IsList { get; } = path.Any(field => field.IsRepeated);

    public override IEnumerable<LookUp> LookUps => lookUp is null ? [] : [lookUp];

    public override int Count(CallFacts facts) => facts[source].Count(slot);

    public override ReadOnlySequence<byte> Value(CallFacts facts, int index) => facts[source].Value(slot, index);
}

/// <summary>Who calls.</summary>
/// <param name="kind">Any text.</param>
internal sealed class CallerReference(FieldDescriptor kind) : Reference
{
    public override FieldDescriptor Kind => kind;

    public override bool IsList => false;

    public override int Count(CallFacts facts) => 1;

    public override ReadOnlySequence<byte> Value(CallFacts facts, int index) => facts.Caller;
}

/// <summary>All that is known of a user, or a field of it.</summary>
/// <param name="id">Who.</param>
/// <param name="kind">The field that holds the details in the answer of the user service, or the one of the details.</param>
/// <param name="slot">The number of the field among those asked of the details; -1 for all of them.</param>
internal sealed class UserReference(Reference id, FieldDescriptor kind, int slot) : Reference
{
    public override FieldDescriptor Kind => kind;

    public override bool IsList => false;

    public override IEnumerable<LookUp> LookUps => id.LookUps;

    public override IEnumerable<Reference> Users => [id];

    public override int Count(CallFacts facts) => slot < 0 ? 1 : facts.User(id.Text(facts)).Fields.Count(slot);

    public override ReadOnlySequence<byte> Value(CallFacts facts, int index)
    {
        var user = facts.User(id.Text(facts));
        return slot < 0 ? user.Whole : user.Fields.Value(slot, index);
    }
}
