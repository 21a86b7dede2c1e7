using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using StackExchange.Redis;

namespace Gateway.Proxy.Sessions.Tracking;

/// <summary>
/// One connection to Redis, on which answers and what Redis tells by itself come in the order in which they happened. That is what
/// remembering relies on, and what the shared <see cref="RedisConnection"/> cannot give.
/// </summary>
internal sealed class TrackingConnection(Stream stream) : IAsyncDisposable
{
    private readonly PipeReader _input = PipeReader.Create(stream);
    private readonly RespReader _reader = new();
    private readonly ArrayBufferWriter<byte> _commands = new();

    public static async Task<TrackingConnection> OpenAsync(EndPoint server, ConfigurationOptions options, CancellationToken cancellationToken)
    {
        var socket = server is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(server, cancellationToken);
            var plain = new NetworkStream(socket, ownsSocket: true);
            return new TrackingConnection(options.Ssl ? await SecureAsync(plain, server, options, cancellationToken) : plain);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Adds a command to those that <see cref="SendAsync"/> sends.</summary>
    public void Add(params ReadOnlySpan<string> command) => RespWriter.Write(_commands, command);

    public async Task SendAsync(CancellationToken cancellationToken)
    {
        await stream.WriteAsync(_commands.WrittenMemory, cancellationToken);
        _commands.ResetWrittenCount();
    }

    public async ValueTask<RespValue> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await _input.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            if (_reader.TryRead(ref buffer, out var value))
            {
                _input.AdvanceTo(buffer.Start);
                return value;
            }

            _input.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
            {
                throw new EndOfStreamException("Redis has closed the connection.");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _input.CompleteAsync();
        await stream.DisposeAsync();
    }

    private static async Task<Stream> SecureAsync(Stream plain, EndPoint server, ConfigurationOptions options, CancellationToken cancellationToken)
    {
        var host = options.SslHost ?? (server is DnsEndPoint named ? named.Host : (server as IPEndPoint)?.Address.ToString() ?? "");
        var secure = new SslStream(plain);
        await secure.AuthenticateAsClientAsync(
            options.SslClientAuthenticationOptions?.Invoke(host) ?? new SslClientAuthenticationOptions
            {
                TargetHost = host,
                EnabledSslProtocols = options.SslProtocols ?? SslProtocols.None,
                CertificateRevocationCheckMode = options.CheckCertificateRevocation ? X509RevocationMode.Online : X509RevocationMode.NoCheck,
            },
            cancellationToken);
        return secure;
    }
}
