using System.Buffers;
using Gateway.Transforms.Wire;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Gateway.Transforms.Events;

/// <summary>An event source is three pure functions of (author, request, answer): whose details, who is told what, what the client reads.</summary>
internal abstract class EventSource<TRequest, TAnswer> : IEventSource
    where TRequest : IMessage<TRequest>, new()
    where TAnswer : IMessage<TAnswer>, new()
{
    private static readonly MessageParser<TRequest> RequestParser = new(() => new TRequest());
    private static readonly MessageParser<TAnswer> AnswerParser = new(() => new TAnswer());

    public abstract string Name { get; }

    public MessageDescriptor Request { get; } = new TRequest().Descriptor;

    public MessageDescriptor Answer { get; } = new TAnswer().Descriptor;

    /// <summary>Whether anything of the request is needed. Otherwise nothing is made of it, but it has to be one that could be parsed.</summary>
    protected virtual bool ReadsRequest => true;

    public async ValueTask<IMessage> HandleAsync(
        string authorId, ReadOnlySequence<byte> request, ReadOnlyMemory<byte> answer, EventDispatcher dispatcher)
    {
        var asked = !ReadsRequest && MessageCheck.IsSound(request, Request) ? new TRequest() : RequestParser.ParseFrom(request);
        var answered = AnswerParser.ParseFrom(answer.Span);
        if (Succeeded(answered))
        {
            await dispatcher.DispatchAsync(
                Name, UsersToLookUp(authorId, asked, answered), users => Notifications(authorId, asked, answered, users));
        }

        return Reply(answered);
    }

    public abstract bool Succeeded(TAnswer answer);

    /// <summary>The users whose details the notifications show.</summary>
    public virtual IReadOnlyCollection<string> UsersToLookUp(string authorId, TRequest request, TAnswer answer) => [];

    /// <summary>Who is told what, in the order it is to arrive.</summary>
    public abstract IEnumerable<Notification> Notifications(string authorId, TRequest request, TAnswer answer, UserDetails users);

    /// <summary>The answer as the client may see it. May change <paramref name="answer"/>: the notifications have been made by then.</summary>
    public virtual IMessage Reply(TAnswer answer) => answer;
}
