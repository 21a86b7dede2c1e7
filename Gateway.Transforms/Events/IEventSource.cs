using System.Buffers;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Gateway.Transforms.Events;

/// <summary>Turns one kind of call into events: the <c>Notify</c> setting of a route names it.</summary>
internal interface IEventSource
{
    /// <summary>The name in yarp.json.</summary>
    string Name { get; }

    MessageDescriptor Request { get; }

    MessageDescriptor Answer { get; }

    /// <summary>Parses both messages, has the events delivered, and returns what the client is to read.</summary>
    /// <exception cref="InvalidProtocolBufferException">One of the messages cannot be parsed.</exception>
    ValueTask<IMessage> HandleAsync(string authorId, ReadOnlySequence<byte> request, ReadOnlyMemory<byte> answer, EventDispatcher dispatcher);
}
