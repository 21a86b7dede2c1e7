using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using Gateway.Protocol;
using Google.Protobuf;

namespace Gateway.Chaos.Load;

/// <summary>Clients that call one after another, three reads for each write, spread over the gateways, and check every answer.</summary>
internal sealed class SteadyLoad : IAsyncDisposable
{
    /// <summary>How many clients there are, each with a user of its own.</summary>
    public const int Clients = 16;

    private const string ReadPath = "/service/user/get_user_info";
    private const string WritePath = "/service/user/set_nickname";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly ConcurrentQueue<CallRecord> _records = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly Task[] _clients;

    public SteadyLoad(IReadOnlyList<Uri> gateways) =>
        _clients = [.. Enumerable.Range(0, Clients).Select(client => Task.Run(() => RunAsync(client, client % gateways.Count, gateways[client % gateways.Count])))];

    public TimeSpan Now => _watch.Elapsed;

    /// <summary>The calls sent in a span of time. Ask when that is well over, so that they have ended.</summary>
    public IReadOnlyList<CallRecord> Sent(TimeSpan from, TimeSpan to) => [.. _records.Where(call => call.Begin >= from && call.Begin < to).OrderBy(call => call.End)];

    /// <summary>The calls that were under way at some moment of a span of time.</summary>
    public IReadOnlyList<CallRecord> UnderWay(TimeSpan from, TimeSpan to) => [.. _records.Where(call => call.Begin <= to && call.End >= from)];

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await Task.WhenAll(_clients);
        _ending.Dispose();
    }

    private async Task RunAsync(int user, int node, Uri gateway)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = gateway, Timeout = TimeSpan.FromSeconds(10) };
        for (var i = 0; !_ending.IsCancellationRequested; i++)
        {
            await CallAsync(client, user, node, isRead: i % 4 != 0, i);
            await Task.Delay(Pause);
        }
    }

    private async Task CallAsync(HttpClient client, int user, int node, bool isRead, int number)
    {
        var request = new GetUserInfoReq { RequestId = number.ToString(CultureInfo.InvariantCulture), SessionId = $"s{user}" };
        var begin = Now;
        try
        {
            using var content = new ByteArrayContent(request.ToByteArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-protobuf") } };
            using var response = await client.PostAsync(new Uri(isRead ? ReadPath : WritePath, UriKind.Relative), content);
            var answer = GetUserInfoRsp.Parser.ParseFrom(await response.Content.ReadAsByteArrayAsync());
            var code = answer.Success ? null : response.Headers.TryGetValues("x-gateway-error", out var codes) ? codes.First() : $"{(int)response.StatusCode}";
            var isWrong = answer.RequestId != request.RequestId || (answer.Success && answer.UserInfo?.UserId != $"u{user}");
            _records.Enqueue(new CallRecord(node, user, isRead, begin, Now, code, isWrong));
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            _records.Enqueue(new CallRecord(node, user, isRead, begin, Now, "connection", false));
        }
        catch (InvalidProtocolBufferException)
        {
            _records.Enqueue(new CallRecord(node, user, isRead, begin, Now, null, IsWrong: true));
        }
    }
}
