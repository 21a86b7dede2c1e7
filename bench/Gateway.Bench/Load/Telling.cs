using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using Gateway.Bench.Servers;
using Gateway.Protocol;
using Google.Protobuf;

namespace Gateway.Bench.Load;

/// <summary>One message to some users, from the call until the last of them has it.</summary>
internal sealed class Telling
{
    private const string Text = "How are you?";

    private readonly int _first;
    private readonly int[] _arrived;
    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left;
    private long _began;
    private long _answered;
    private long _last;

    public Telling(int number, int first, int count)
    {
        Id = number.ToString(CultureInfo.InvariantCulture);
        (_first, _left, _arrived) = (first, count, new int[count]);
    }

    /// <summary>Ends when everybody has it.</summary>
    public Task All => _arrived.Length == 0 ? Task.CompletedTask : _all.Task;

    public string Id { get; }

    /// <summary>Until the call was answered, in milliseconds.</summary>
    public double Answered => Stopwatch.GetElapsedTime(_began, _answered).TotalMilliseconds;

    /// <summary>Until the last one had it, in milliseconds; if it is for nobody, until it was answered.</summary>
    public double Last => Stopwatch.GetElapsedTime(_began, _arrived.Length == 0 ? _answered : _last).TotalMilliseconds;

    /// <summary>Calls, in the name of somebody who has no socket.</summary>
    public async Task SendAsync(HttpClient client, Candidate gateway)
    {
        var request = new NewMessageReq
        {
            RequestId = Id,
            SessionId = People.Session(People.Count - 1),
            ChatSessionId = SubService.Targets(_first, _arrived.Length),
            Message = new MessageContent { MessageType = MessageType.String, StringMessage = new StringMessageInfo { Content = Text } },
        };
        using var content = new ByteArrayContent(request.ToByteArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-protobuf") } };
        _began = Stopwatch.GetTimestamp();
        using var response = await client.PostAsync(new Uri(gateway.Http, Calls.NewMessagePath), content);
        var body = await response.Content.ReadAsByteArrayAsync();
        _answered = Stopwatch.GetTimestamp();
        if (!response.IsSuccessStatusCode || NewMessageRsp.Parser.ParseFrom(body) is not { Success: true })
        {
            throw new InvalidOperationException($"A message was answered with {(int)response.StatusCode} and {Convert.ToBase64String(body[..Math.Min(body.Length, 300)])}");
        }
    }

    /// <exception cref="InvalidOperationException">It is not what was sent, or not for this user, or has come before.</exception>
    public void Arrive(int person, NotifyMessage message)
    {
        var now = Stopwatch.GetTimestamp();
        if (person < _first || person >= _first + _arrived.Length || message.NewMessageInfo.MessageInfo.Message.StringMessage.Content != Text)
        {
            throw new InvalidOperationException($"User {person} got a wrong event: {message}");
        }

        if (Interlocked.Increment(ref _arrived[person - _first]) > 1)
        {
            throw new InvalidOperationException($"User {person} got event {Id} twice.");
        }

        if (Interlocked.Decrement(ref _left) == 0)
        {
            _last = now;
            _all.SetResult();
        }
    }

    public override string ToString() => $"event {Id}, which {_left} of {_arrived.Length} users have not got";
}
