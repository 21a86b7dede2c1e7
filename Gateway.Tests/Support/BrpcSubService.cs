using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Gateway.Tests.Transforms.Wire;
using Google.Protobuf;

namespace Gateway.Tests.Support;

/// <summary>
/// A sub-service that speaks baidu_std, written from brpc's own description (docs/cn/baidu_std.md and baidu_rpc_meta.proto): a test is given each
/// request that has come whole, and answers it on the connection it came on, in any order, in pieces, or wrongly.
/// </summary>
internal sealed class BrpcSubService : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly X509Certificate2? _certificate;
    private readonly Task _accepting;
    private int _connections;
    private int _openConnections;
    private int _requests;
    private int _begun;

    /// <param name="certificate">Whether it is spoken to by TLS.</param>
    public BrpcSubService(X509Certificate2? certificate = null)
    {
        _certificate = certificate;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>What is done with a request; by default it is answered with an empty message. The next one of its connection is read meanwhile.</summary>
    public Func<BrpcSubServiceConnection, BrpcSubServiceRequest, Task> OnRequest { get; set; } = (connection, request) => connection.AnswerAsync(request.Id, []);

    /// <summary>What is done with a connection before anything is read from it.</summary>
    public Func<BrpcSubServiceConnection, Task> OnConnected { get; set; } = _ => Task.CompletedTask;

    public string Address => $"{(_certificate is null ? "http" : "https")}://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>How many connections have been made to it.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>How many of them neither side has closed.</summary>
    public int OpenConnections => Volatile.Read(ref _openConnections);

    /// <summary>Requests that have come whole.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Requests of which something has come.</summary>
    public int Begun => Volatile.Read(ref _begun);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Eventually.That(() => OpenConnections == 0);
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var socket = await _listener.AcceptSocketAsync(_ending.Token);
            Interlocked.Increment(ref _connections);
            Interlocked.Increment(ref _openConnections);
            _ = ServeAsync(socket);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var owned = socket;
        List<Task> answers = [];
        try
        {
            using var connection = new BrpcSubServiceConnection(socket, await StreamOfAsync(socket), _ending.Token);
            await OnConnected(connection);
            while (await connection.NextRequestAsync(() => Interlocked.Increment(ref _begun)) is { } request)
            {
                Interlocked.Increment(ref _requests);
                answers.Add(OnRequest(connection, request));
            }
        }
        catch (Exception over) when (over is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The gateway has closed the connection, the test has, or it is over.
        }
        finally
        {
            // Those that are still sending see the same end.
            await Task.WhenAll(answers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Interlocked.Decrement(ref _openConnections);
        }
    }

    private async Task<Stream> StreamOfAsync(Socket socket)
    {
        var stream = new NetworkStream(socket);
        if (_certificate is null)
        {
            return stream;
        }

        var tls = new SslStream(stream);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _ending.Token);
        return tls;
    }
}

/// <param name="Id">Its correlation id.</param>
/// <param name="Service">The service's name.</param>
/// <param name="Method">The method's.</param>
/// <param name="Timeout">Milliseconds that it has; zero when it does not say.</param>
/// <param name="Fields">What was added to it.</param>
/// <param name="Message">The message.</param>
internal sealed record BrpcSubServiceRequest(long Id, string Service, string Method, int Timeout, IReadOnlyDictionary<string, string> Fields, byte[] Message);

/// <summary>One connection of a <see cref="BrpcSubService"/>.</summary>
internal sealed class BrpcSubServiceConnection(Socket socket, Stream stream, CancellationToken ending) : IDisposable
{
    private const int HeaderBytes = 12;

    private readonly SemaphoreSlim _sending = new(1, 1);

    /// <summary>The meta of an answer.</summary>
    /// <param name="id">Of the call.</param>
    /// <param name="code">Why it failed; zero when it did not.</param>
    /// <param name="text">The same in words.</param>
    /// <param name="compression">How the message is compressed.</param>
    /// <param name="attached">How many bytes are attached.</param>
    /// <param name="fields">What is added.</param>
    public static byte[] Meta(long id, int code = 0, string text = "", int compression = 0, int attached = 0, params (string Name, string Value)[] fields) =>
    [
        .. Raw.Bytes(2, [.. Raw.Integer(1, (ulong)code), .. text.Length == 0 ? [] : Raw.Text(2, text)]),
        .. Raw.Integer(3, (ulong)compression),
        .. Raw.Integer(4, (ulong)id),
        .. attached == 0 ? [] : Raw.Integer(5, (ulong)attached),
        .. fields.SelectMany(field => Raw.Bytes(9, [.. Raw.Text(1, field.Name), .. Raw.Text(2, field.Value)])),
    ];

    /// <summary>A frame; <paramref name="rest"/> is message and attachment.</summary>
    public static byte[] Frame(byte[] meta, byte[] rest)
    {
        var frame = new byte[HeaderBytes + meta.Length + rest.Length];
        "PRPC"u8.CopyTo(frame);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), meta.Length + rest.Length);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(8), meta.Length);
        meta.CopyTo(frame, HeaderBytes);
        rest.CopyTo(frame, HeaderBytes + meta.Length);
        return frame;
    }

    /// <summary>The next request that has come whole; null at the end of the connection.</summary>
    public async Task<BrpcSubServiceRequest?> NextRequestAsync(Action begun)
    {
        var header = new byte[HeaderBytes];
        if (await stream.ReadAtLeastAsync(header, HeaderBytes, throwOnEndOfStream: false, ending) < HeaderBytes)
        {
            return null;
        }

        if (!header.AsSpan().StartsWith("PRPC"u8))
        {
            throw new InvalidDataException("This is no frame of baidu_std.");
        }

        begun();
        var meta = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(8))];
        var message = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4)) - meta.Length];
        await stream.ReadExactlyAsync(meta, ending);
        await stream.ReadExactlyAsync(message, ending);
        return Parse(meta, message);
    }

    public Task AnswerAsync(long id, byte[] message) => SendAsync(Frame(Meta(id), message));

    public Task FailAsync(long id, int code, string text) => SendAsync(Frame(Meta(id, code, text), []));

    /// <summary>Sends bytes that need not be frames.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        await _sending.WaitAsync(ending);
        try
        {
            await stream.WriteAsync(bytes, ending);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Cuts the connection with a TCP reset.</summary>
    public void Cut()
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    public void Dispose()
    {
        stream.Dispose();
        _sending.Dispose();
    }

    private static BrpcSubServiceRequest Parse(byte[] meta, byte[] message)
    {
        var (service, method, timeout, id) = ("", "", 0, 0L);
        Dictionary<string, string> added = [];
        Read(meta, (field, input) =>
        {
            switch (field)
            {
                case 1:
                    Read(input.ReadBytes().ToByteArray(), (inner, request) =>
                    {
                        service = inner == 1 ? request.ReadString() : service;
                        method = inner == 2 ? request.ReadString() : method;
                        timeout = inner == 8 ? request.ReadInt32() : timeout;
                    });
                    break;
                case 4:
                    id = input.ReadInt64();
                    break;
                case 9:
                    var (key, value) = ("", "");
                    Read(input.ReadBytes().ToByteArray(), (inner, entry) =>
                    {
                        key = inner == 1 ? entry.ReadString() : key;
                        value = inner == 2 ? entry.ReadString() : value;
                    });
                    added[key] = value;
                    break;
                default:
                    throw new InvalidDataException($"The gateway sends field {field}.");
            }
        });
        return new BrpcSubServiceRequest(id, service, method, timeout, added, message);
    }

    private static void Read(byte[] message, Action<int, CodedInputStream> read)
    {
        using var input = new CodedInputStream(message);
        while (input.ReadTag() is > 0 and var tag)
        {
            read(WireFormat.GetTagFieldNumber(tag), input);
        }
    }
}
