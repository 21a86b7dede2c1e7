using System.Diagnostics.Metrics;
using System.Net.WebSockets;
using Gateway.Notify;
using Gateway.Notify.Connections;
using Gateway.Notify.Delivery;
using Gateway.Notify.Endpoint;
using Gateway.Notify.Protocol;

namespace Gateway.Chaos.Fuzzing.Targets;

/// <summary>
/// What a client sends on a socket of the hub, WebSocket frames and all; the first byte says which protocol it speaks. It is let in with
/// a session that is known, or closed for a documented reason, and a plain client is sent nothing but events.
/// </summary>
internal sealed class HubTarget : IFuzzTarget, ISessionAuthenticator
{
    private const string Session = "s1";
    private const string User = "u1";
    private const int CloseFrame = 0x88;
    private const int PongFrame = 0x8A;

    private static readonly NotifyOptions Options = new();

    private readonly NotifyMetrics _metrics = new(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>());

    public string Name => "hub";

    public IReadOnlyList<byte[]> Words => [];

    public bool Accepts(byte[] input, Dice dice)
    {
        if (input.Length == 0)
        {
            return false;
        }

        var isExtended = (input[0] & 1) == 1;
        var frames = input.AsMemory(1);
        var whole = Run(isExtended, [frames]);
        var divided = Run(isExtended, Pieces.Of(frames, dice));
        DisagreementException.Unless(whole == divided, $"whole it ends as {whole}, divided as {divided}");
        DisagreementException.Unless(CloseReason.All.Contains(whole.Reason), $"{whole.Reason} is not documented");
        return whole.IsJoined;
    }

    ValueTask<SessionVerdict> ISessionAuthenticator.FindUserAsync(string sessionId, CancellationToken cancellationToken) =>
        new(new SessionVerdict(sessionId == Session ? User : null, StoreAnswered: true));

    private (bool IsJoined, CloseReason Reason) Run(bool isExtended, IEnumerable<ReadOnlyMemory<byte>> frames)
    {
        using var client = new ClientStream(new PieceStream(frames));
        using var socket = WebSocket.CreateFromStream(client, new WebSocketCreationOptions { IsServer = true });
        using var connection = new NotifyConnection(socket, isExtended, Options, _metrics, TimeProvider.System);
        var rate = new InboundRate(Options.MaxInboundRate, TimeProvider.System);
        var bus = new WelcomingBus();
        IConversation conversation = isExtended
            ? new ExtendedConversation(connection, bus, this, rate, Options, shown: null, CancellationToken.None)
            : new PlainConversation(connection, new FirstMessage([2]), bus, this, rate, shown: null, CancellationToken.None);
        var reason = connection.RunAsync(conversation).GetAwaiter().GetResult();
        DisagreementException.Unless(!conversation.IsJoined || (connection.UserId == User && connection.SessionId == Session), "it is let in as somebody else");
        DisagreementException.Unless(isExtended || client.Sent.All(frame => frame[0] is CloseFrame or PongFrame), "a plain client is sent what is no event");
        return (conversation.IsJoined, reason);
    }

    /// <summary>A hub that lets in whoever the session store knows, and has no events.</summary>
    private sealed class WelcomingBus : IEventBus
    {
        public bool IsDegraded => false;

        public Task<bool> PublishAsync(IReadOnlyList<string> recipients, HubEvent hubEvent, CancellationToken cancellationToken) => Task.FromResult(true);

        public void TellHere(string userId, HubEvent hubEvent)
        {
        }

        public void MayHaveMissed()
        {
        }

        public Task<CloseReason?> JoinAsync(JoinRequest request, CancellationToken cancellationToken)
        {
            if (request.Greeting is { } greeting)
            {
                request.Connection.TryEnqueue(greeting(new FeedPosition("epoch", 1)));
            }

            return Task.FromResult<CloseReason?>(null);
        }

        public Task<Departure?> LeaveAsync(NotifyConnection connection) => Task.FromResult<Departure?>(null);

        public Task ResumeAsync(NotifyConnection connection, FeedPosition from, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<IReadOnlyList<SocketInfo>> FindAsync(string userId, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<SocketInfo>>([]);

        public Task<IReadOnlyList<Newest>> FindNewestAsync(IReadOnlyList<NotifyConnection> connections) => Task.FromResult<IReadOnlyList<Newest>>([]);

        public Task DisconnectAsync(string userId, string? sessionId, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
