using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Verdicts;
using Gateway.Transforms.Wire;
using Microsoft.AspNetCore.Http;

namespace Gateway.Transforms.Rpc;

/// <summary>The facts of one call, gathered on its way through the pipeline. Belongs to the request and ends with it.</summary>
/// <param name="route">The route that was matched.</param>
/// <param name="startedAt">The timestamp at which the pipeline was entered.</param>
internal sealed class RpcFeature(RpcRoute route, long startedAt)
{
    /// <summary>A longer request id is not echoed: it is no id.</summary>
    private const int MaxRequestIdBytes = 256;

    private static readonly TimeSpan NotAnswered = Timeout.InfiniteTimeSpan;

    private RequestBody? _body;
    private FieldRange _requestIdField;
    private string? _requestId;
    private long _sentAt;
    private TimeSpan _subServiceTime = NotAnswered;

    public RpcRoute Route { get; } = route;

    public long StartedAt { get; } = startedAt;

    /// <summary>Who is calling; null on anonymous routes and before identity is known.</summary>
    public string? UserId { get; private set; }

    /// <summary>Of which trace the call is; null where nobody is told.</summary>
    public string? TraceId { get; set; }

    /// <summary>The request message as the sub-service is to read it, or the beginning of it.</summary>
    public ReadOnlySequence<byte> Message { get; private set; }

    /// <summary>The remainder of the message; null when it is whole.</summary>
    public BodyRemainder? Remainder { get; private set; }

    /// <summary>What became of the call, or of the last attempt to make it; null while that is open.</summary>
    public Verdict? Verdict { get; private set; }

    /// <summary>When the request had gone out to the sub-service, or began to if that never ended, as a timestamp.</summary>
    public long SentAt => Remainder?.SentAt ?? _sentAt;

    /// <summary>From the request to the sub-service to the headers of its answer; null when there was no answer.</summary>
    public TimeSpan? SubServiceTime => _subServiceTime == NotAnswered ? null : _subServiceTime;

    /// <summary>Whether the message is still held, or none of what is not held has been read.</summary>
    public bool CanReplay => _body is not null && Remainder is not { IsStarted: true };

    /// <summary>The request id as the client sent it; null when there is none that could be read.</summary>
    public string? RequestId => _requestId ??= ReadRequestId();

    /// <summary>Takes over the body as it was read, with what the scan saw in it.</summary>
    public void Received(RequestBody body, in MessageScan scan)
    {
        _body = body;
        _requestIdField = scan.RequestId;
    }

    /// <summary>Identity is settled: this message goes out, in this user's name.</summary>
    public void Admit(string? userId, in ReadOnlySequence<byte> message, BodyRemainder? remainder)
    {
        UserId = userId;
        Message = message;
        Remainder = remainder;
        if (remainder is not null)
        {
            // The beginning is given back as soon as it has been sent.
            _ = RequestId;
        }
    }

    /// <summary>The request goes out to the sub-service.</summary>
    public void Sent(TimeProvider time) => _sentAt = time.GetTimestamp();

    /// <summary>The sub-service has begun to answer.</summary>
    public void Answered(TimeProvider time) => _subServiceTime = time.GetElapsedTime(_sentAt);

    /// <summary>Says what became of the call. An attempt has one end, so it is said once.</summary>
    /// <exception cref="InvalidOperationException">It has been said.</exception>
    public void Conclude(Verdict verdict) =>
        Verdict = Verdict is null ? verdict : throw new InvalidOperationException($"The call has ended as {Verdict} and cannot end as {verdict} too.");

    /// <summary>Refuses the call before an instance is picked.</summary>
    public void Fail(RpcOutcome outcome, string? reason = null) => Conclude(Verdict.Refused(outcome, reason));

    /// <summary>Makes the call ready for another attempt. Only while <see cref="CanReplay"/>.</summary>
    public void Replay()
    {
        Verdict = null;
        _subServiceTime = NotAnswered;
    }

    /// <summary>
    /// The call has been answered, though its request may still be coming: it was refused, or the sub-service had read enough. Reads the rest away within
    /// bounds. Senders mostly read nothing while they send, and a connection that is closed under them takes the answer along.
    /// </summary>
    /// <param name="http">The request.</param>
    /// <param name="options">The bounds.</param>
    /// <param name="time">What tells the time.</param>
    /// <param name="stopping">Cancelled when the server stops: then no remainder is waited for.</param>
    public async ValueTask DiscardRemainderAsync(HttpContext http, RpcOptions options, TimeProvider time, CancellationToken stopping)
    {
        if (_body is { IsEnded: true } || (_body is null && http.Request.Headers.Expect.Count > 0))
        {
            // Of a client that waits to be asked for the body, none comes: it reads this answer instead.
            return;
        }

        await StopRemainderAsync();
        Message = default;
        await (_body ?? new RequestBody(http, budget: null)).DiscardAsync(Route.MaxRequestBytes + options.MaxDiscardedRequest, options.MaxDiscardTime, time, stopping);
    }

    /// <summary>Gives the body's memory back to the server. What was not asked for by now is gone.</summary>
    public async ValueTask ReleaseBodyAsync()
    {
        await StopRemainderAsync();
        _body?.Release();
        _body = null;
        Message = default;
    }

    private async ValueTask StopRemainderAsync()
    {
        if (Remainder is not null)
        {
            await Remainder.DisposeAsync();
            Remainder = null;
        }
    }

    private string? ReadRequestId()
    {
        if (_body is null || _requestIdField.IsAbsent || _requestIdField.Length > MaxRequestIdBytes)
        {
            return null;
        }

        var range = _requestIdField;
        // Once is enough, whatever comes of it: the next time the body may be gone.
        _requestIdField = default;
        Span<byte> bytes = stackalloc byte[(int)range.Length];
        _body.Buffer.Slice(range.Offset, range.Length).CopyTo(bytes);
        return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : null;
    }
}
