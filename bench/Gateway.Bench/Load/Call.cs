using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Gateway.Bench.Servers;
using Google.Protobuf;

namespace Gateway.Bench.Load;

/// <summary>A call that is made again and again, and how to see that its answer is right.</summary>
/// <param name="Name">What files are called after.</param>
/// <param name="IsRight">Takes the answer's body and whether the candidate tells the sub-service who asks.</param>
internal sealed record Call(string Name, string Path, IMessage Request, Func<byte[], bool, bool> IsRight)
{
    private const int Samples = 50;

    /// <summary>Writes the body where a load generator reads it.</summary>
    public string BodyIn(string folder)
    {
        var file = System.IO.Path.Combine(folder, $"{Name}.bin");
        File.WriteAllBytes(file, Request.ToByteArray());
        return file;
    }

    /// <summary>Looks at some answers one by one.</summary>
    /// <exception cref="InvalidOperationException">One is wrong.</exception>
    public async Task CheckAsync(HttpClient client, Candidate candidate)
    {
        for (var sample = 0; sample < Samples; sample++)
        {
            await SendAsync(client, candidate);
        }
    }

    public async Task SendAsync(HttpClient client, Candidate candidate)
    {
        using var content = new ByteArrayContent(Request.ToByteArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-protobuf") } };
        using var response = await client.PostAsync(new Uri(candidate.Http, Path), content);
        var body = await response.Content.ReadAsByteArrayAsync();
        if (!response.IsSuccessStatusCode || !IsRight(body, candidate.KnowsPeople))
        {
            throw new InvalidOperationException($"{candidate.Name} answered {Path} wrongly: {(int)response.StatusCode} with {body.Length} bytes: {Convert.ToBase64String(body[..Math.Min(body.Length, 300)])}");
        }
    }

    /// <summary>How many bytes one answer has on the wire, headers and all.</summary>
    public async Task<int> AnswerSizeAsync(Candidate candidate)
    {
        var body = Request.ToByteArray();
        using var socket = new TcpClient();
        await socket.ConnectAsync(candidate.Http.Host, candidate.Port);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST {Path} HTTP/1.1\r\nHost: {candidate.Http.Authority}\r\nContent-Type: application/x-protobuf\r\nContent-Length: {body.Length}\r\n\r\n"));
        await stream.WriteAsync(body);
        var answer = new byte[1 << 20];
        var size = 0;
        using var silence = new CancellationTokenSource();
        while (true)
        {
            // The answer is over when nothing more comes: its framing is the candidate's choice.
            silence.CancelAfter(TimeSpan.FromSeconds(1));
            try
            {
                size += await stream.ReadAsync(answer, silence.Token);
            }
            catch (OperationCanceledException)
            {
                return size;
            }
        }
    }
}
