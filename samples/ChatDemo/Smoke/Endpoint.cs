using Google.Protobuf;

namespace ChatDemo.Smoke;

/// <summary>A path of the gateway, and the messages that go in and come out.</summary>
internal sealed record Endpoint<TRequest, TResponse>(string Path) : IEndpoint
    where TRequest : IMessage<TRequest>
    where TResponse : IMessage<TResponse>, new();

internal interface IEndpoint
{
    string Path { get; }
}
