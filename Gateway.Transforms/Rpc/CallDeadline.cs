using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.ObjectPool;

namespace Gateway.Transforms.Rpc;

/// <summary>
/// The time that a call has, from the first byte of its request. The token of the request is cancelled when that is over, and when its client has
/// gone. ASP.NET's own step makes three objects of this for each request; these are used again.
/// </summary>
internal sealed class CallDeadline : IHttpRequestTimeoutFeature, IDisposable
{
    private static readonly ObjectPool<CallDeadline> Spare = new DefaultObjectPool<CallDeadline>(new Policy(), maximumRetained: 1024);
    private static readonly CancellationToken Over = new(canceled: true);

    private readonly CancellationTokenSource _end = new();
    private HttpContext? _http;
    private CancellationToken _client;
    private CancellationTokenRegistration _clientGone;
    private bool _isClientGone;

    /// <summary>Cancelled when the time is over.</summary>
    public CancellationToken RequestTimeoutToken => _end.IsCancellationRequested && !_isClientGone ? Over : CancellationToken.None;

    /// <summary>Begins to count. Whoever has begun ends it.</summary>
    public static CallDeadline Begin(HttpContext http, TimeSpan timeout)
    {
        var deadline = Spare.Get();
        deadline._http = http;
        deadline._client = http.RequestAborted;
        deadline._clientGone = deadline._client.UnsafeRegister(static deadline => ((CallDeadline)deadline!).ClientGone(), deadline);
        deadline._end.CancelAfter(timeout);
        http.RequestAborted = deadline._end.Token;
        http.Features.Set<IHttpRequestTimeoutFeature>(deadline);
        return deadline;
    }

    /// <summary>From now on the call has no deadline; a client that goes ends it all the same.</summary>
    public void DisableTimeout()
    {
        _end.CancelAfter(Timeout.InfiniteTimeSpan);
    }

    /// <summary>The call has ended: the request gets its own token back.</summary>
    public void Dispose()
    {
        _clientGone.Dispose();
        _http!.RequestAborted = _client;
        _http = null;
        Spare.Return(this);
    }

    private void ClientGone()
    {
        // One of the two comes first, and that is why the call ended.
        _isClientGone = !_end.IsCancellationRequested;
        _end.Cancel();
    }

    private sealed class Policy : PooledObjectPolicy<CallDeadline>
    {
        public override CallDeadline Create() => new();

        public override bool Return(CallDeadline deadline)
        {
            if (deadline._end.TryReset())
            {
                return true;
            }

            deadline._end.Dispose();
            return false;
        }
    }
}
