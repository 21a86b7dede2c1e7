using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Notify.Takeover;

/// <summary>
/// The pipe that HTTP writes into in place of the server's own, emptied into the same output as the socket's frames. When HTTP has ended this pipe is
/// known to be empty, which cannot be known of the server's: so no frame of the socket overtakes the answer to its handshake.
/// </summary>
internal sealed class HttpOutputPipe
{
    private readonly Pipe _pipe = new(new PipeOptions(useSynchronizationContext: false));
    private readonly ConnectionContext _connection;
    private readonly SocketOutput _output;
    private readonly Task _sending;

    public HttpOutputPipe(ConnectionContext connection, SocketOutput output)
    {
        _connection = connection;
        _output = output;
        _sending = SendAsync();
    }

    public PipeWriter Writer => _pipe.Writer;

    /// <summary>HTTP writes no more: waits until everything has gone out, or the client is gone.</summary>
    public async Task EndAsync()
    {
        await _pipe.Writer.CompleteAsync();
        await _sending;
    }

    private async Task SendAsync()
    {
        var written = _pipe.Reader;
        try
        {
            ReadResult read;
            do
            {
                read = await written.ReadAsync();
                foreach (var piece in read.Buffer)
                {
                    await _output.SendAsync(piece);
                }

                written.AdvanceTo(read.Buffer.End);
            }
            while (!read.IsCompleted);
        }
        catch (IOException)
        {
            // Nobody is left to answer, and nothing more is to be read.
            _connection.Abort();
        }

        // HTTP learns by this that nobody takes what it writes.
        await written.CompleteAsync();
    }
}
