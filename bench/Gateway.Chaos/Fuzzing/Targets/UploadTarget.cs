using System.Buffers;
using Gateway.Transforms.Identity;
using Gateway.Transforms.Wire;

namespace Gateway.Chaos.Fuzzing.Targets;

/// <summary>
/// A request whose beginning alone is held, and whose rest is passed on as it comes. What goes out is the same, byte for byte, as if
/// all of it had been held, or it is refused.
/// </summary>
internal sealed class UploadTarget : IFuzzTarget
{
    private const string User = "the-user-of-the-session";

    public string Name => "upload";

    public IReadOnlyList<byte[]> Words => [];

    public bool Accepts(byte[] input, Dice dice)
    {
        var accepted = false;
        foreach (var message in Message.All)
        {
            accepted |= Accepts(message.Fields, input, dice.Below(input.Length + 1), dice);
        }

        return accepted;
    }

    private static bool Accepts(MessageFields fields, ReadOnlyMemory<byte> input, int held, Dice dice)
    {
        var beginning = new ReadOnlySequence<byte>(input[..held]);
        var scan = MessageScanner.Scan(beginning, fields);
        if (scan.Open.IsAbsent || scan.Open.End > input.Length)
        {
            return false;
        }

        var all = new ReadOnlySequence<byte>(input);
        var whole = MessageScanner.Scan(all, fields);
        var problem = Walk(fields, scan.Open.End - held, [input[held..]]);
        DisagreementException.Unless(problem == Walk(fields, scan.Open.End - held, Pieces.Of(input[held..], dice)), $"in one piece the problem is '{problem}', in more it is another");
        if (problem is not null)
        {
            DisagreementException.Unless(problem == MessageProblems.LateId || whole.Problem is not null, $"refused for {problem}, and accepted when it is held");
            return false;
        }

        DisagreementException.Unless(whole.Problem is null, $"passed on, and refused for {whole.Problem} when it is held");
        var passedOn = new SequenceBuilder()
            .Append(UserIdInjector.Inject(beginning, scan.UserIds, userId: default))
            .Append(input[held..])
            .Append(fields.UserIdField(User));
        var expected = UserIdInjector.Inject(all, whole.UserIds, fields.UserIdField(User));
        DisagreementException.Unless(
            scan.SessionId == whole.SessionId && passedOn.Build().ToArray().AsSpan().SequenceEqual(expected.ToArray()), "passed on, it becomes another message");
        return true;
    }

    private static string? Walk(MessageFields fields, long open, IEnumerable<ReadOnlyMemory<byte>> pieces)
    {
        var walker = new MessageWalker(fields, open);
        foreach (var piece in pieces)
        {
            if (walker.Walk(piece.Span) is { } problem)
            {
                return problem;
            }
        }

        return walker.End();
    }
}
