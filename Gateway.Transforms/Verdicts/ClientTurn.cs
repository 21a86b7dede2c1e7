using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Transforms.Verdicts;

/// <summary>
/// Tells of a call that YARP's forwarder makes whether it is the client who is waited for: to send its body, or to take the answer. YARP itself
/// says of a call whose time is over no more than that.
/// </summary>
internal sealed class ClientTurn : IHttpResponseBodyFeature, IDisposable
{
    private readonly HttpContext _http;
    private readonly Stream _body;
    private readonly IHttpResponseBodyFeature _answer;
    private readonly WatchedStream _sending;
    private readonly WatchedStream _taking;

    /// <summary>Watches what is read from the client and written to him, until this is disposed of.</summary>
    public ClientTurn(HttpContext http)
    {
        _http = http;
        _body = http.Request.Body;
        _answer = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        _sending = new WatchedStream(_body);
        _taking = new WatchedStream(_answer.Stream);
        http.Request.Body = _sending;
        http.Features.Set<IHttpResponseBodyFeature>(this);
    }

    /// <summary>Whether it is the client who is waited for, or was when the call ended.</summary>
    public bool IsNow => _sending.IsWaiting || _taking.IsWaiting;

    public Stream Stream => _taking;

    public PipeWriter Writer => _answer.Writer;

    public void DisableBuffering() => _answer.DisableBuffering();

    public Task StartAsync(CancellationToken cancellationToken = default) => _answer.StartAsync(cancellationToken);

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        _answer.SendFileAsync(path, offset, count, cancellationToken);

    public Task CompleteAsync() => _answer.CompleteAsync();

    public void Dispose()
    {
        _http.Request.Body = _body;
        _http.Features.Set(_answer);
    }

    /// <summary>A stream of the client's. A wait that fails is not over: it is why the call ended.</summary>
    private sealed class WatchedStream(Stream inner) : Stream
    {
        public bool IsWaiting { get; private set; }

        public override bool CanRead => inner.CanRead;

        public override bool CanSeek => false;

        public override bool CanWrite => inner.CanWrite;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            IsWaiting = true;
            var read = await inner.ReadAsync(buffer, cancellationToken);
            IsWaiting = false;
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            IsWaiting = true;
            await inner.WriteAsync(buffer, cancellationToken);
            IsWaiting = false;
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override async Task FlushAsync(CancellationToken cancellationToken)
        {
            IsWaiting = true;
            await inner.FlushAsync(cancellationToken);
            IsWaiting = false;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
