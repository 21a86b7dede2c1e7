using System.Buffers;
using Gateway.Transforms.Wire;

namespace Gateway.Transforms.Events;

/// <summary>What a route does with an answer beside handing it on: whom it tells what, and what the client is not to read of it.</summary>
/// <param name="Request">What is read of the request.</param>
/// <param name="Answer">What is read of the answer.</param>
/// <param name="Success">Whether anybody is told anything.</param>
/// <param name="Rules">Who is told what, in the order of telling.</param>
/// <param name="LookUps">Who can be asked before.</param>
/// <param name="Users">How the details of users are asked; null where no rule shows any.</param>
/// <param name="Reply">The fields of the answer that the client reads, or does not; null for all.</param>
internal sealed record RouteEvents(
    MessageQuery Request, MessageQuery Answer, Condition Success, IReadOnlyList<EventRule> Rules, IReadOnlyList<LookUp> LookUps, UserDetails? Users, ReplyFields? Reply)
{
    /// <summary>Who has to be asked before it is known which rules hold.</summary>
    public IReadOnlyList<LookUp> LookUpsBefore { get; } = [.. Rules.SelectMany(rule => rule.LookUpsBefore).Distinct()];

    /// <exception cref="MalformedFieldException">The answer cannot be read.</exception>
    public CallFacts Read(string caller, in ReadOnlySequence<byte> request, in ReadOnlySequence<byte> answer)
    {
        var sources = new FieldValues[CallFacts.FirstLookUp + LookUps.Count];
        sources[CallFacts.Request] = Request.Find(request);
        sources[CallFacts.Answer] = Answer.Find(answer);
        return new CallFacts(caller, sources, Users);
    }
}

/// <summary>Who is told what when.</summary>
/// <param name="Type">What the event is called in metrics and logs: the enum value it sets, or the name of the route.</param>
/// <param name="When">When; null for always.</param>
/// <param name="To">Who.</param>
/// <param name="Except">Who not.</param>
/// <param name="Event">What.</param>
internal sealed record EventRule(string Type, Condition? When, IReadOnlyList<Reference> To, IReadOnlyList<Reference> Except, MessageTemplate Event)
{
    private const int MaxFirstRoom = 1024;

    /// <summary>Who has to be asked before it is known whether the rule holds, and for whom.</summary>
    public IReadOnlyList<LookUp> LookUpsBefore { get; } = [.. (When?.References ?? []).SelectMany(value => value.LookUps).Distinct()];

    /// <summary>Who has to be asked when it does.</summary>
    public IReadOnlyList<LookUp> LookUps { get; } = [.. To.Concat(Except).Concat(Event.References).SelectMany(value => value.LookUps).Distinct()];

    /// <summary>Whose details the event shows.</summary>
    public IReadOnlyList<Reference> Users { get; } = [.. Event.References.SelectMany(value => value.Users)];

    /// <summary>Each recipient once; an empty id is nobody.</summary>
    public IReadOnlyList<string> Recipients(CallFacts facts)
    {
        var count = 0;
        foreach (var value in To)
        {
            count += value.Count(facts);
        }

        // As large as it may become: a group of hundreds would have it grow many times. What says one id a million times gets no room for a million.
        var recipients = new HashSet<string>(Math.Min(count, MaxFirstRoom), StringComparer.Ordinal);
        foreach (var value in To)
        {
            for (var i = 0; i < value.Count(facts); i++)
            {
                recipients.Add(value.Text(facts, i));
            }
        }

        foreach (var value in Except)
        {
            for (var i = 0; i < value.Count(facts); i++)
            {
                recipients.Remove(value.Text(facts, i));
            }
        }

        recipients.Remove("");
        return [.. recipients];
    }
}

/// <param name="Numbers">The numbers of fields.</param>
/// <param name="Keeps">Whether they alone stay, or they alone go.</param>
internal sealed record ReplyFields(IReadOnlySet<int> Numbers, bool Keeps)
{
    /// <summary>Takes fields out of an answer, in place. Returns how long it is then.</summary>
    /// <exception cref="MalformedFieldException">The answer is not well-formed.</exception>
    public int Edit(Memory<byte> answer)
    {
        var reader = new SequenceReader<byte>(new ReadOnlySequence<byte>(answer));
        var kept = 0;
        while (!reader.End)
        {
            var start = (int)reader.Consumed;
            if (FieldReader.Read(ref reader, out var number, out _, out _) is { } problem)
            {
                throw new MalformedFieldException(problem, isOutermost: true);
            }

            if (Numbers.Contains(number) == Keeps)
            {
                var field = answer[start..(int)reader.Consumed];
                field.CopyTo(answer[kept..]);
                kept += field.Length;
            }
        }

        return kept;
    }
}
