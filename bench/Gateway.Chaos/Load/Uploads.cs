using System.Globalization;
using System.Security.Cryptography;
using Gateway.Protocol;
using Google.Protobuf;

namespace Gateway.Chaos.Load;

/// <summary>Files of 1 to 4 MiB, of which the instance has to tell whose they are and what is in them.</summary>
internal sealed class Uploads(IReadOnlyList<Caller> gateways, int firstUser)
{
    public const int Clients = 2;

    private const string Path = "/service/file/put_single_file";
    private const int LeastBytes = 1 << 20;
    private const int MostBytes = 4 << 20;

    private int _number;

    public async Task<Ending> UploadAsync(int client)
    {
        var (user, number) = (firstUser + client, Interlocked.Increment(ref _number));
        var file = new byte[Random.Shared.Next(LeastBytes, MostBytes + 1)];
        Random.Shared.NextBytes(file);
        var request = new PutSingleFileReq
        {
            RequestId = number.ToString(CultureInfo.InvariantCulture),
            SessionId = $"s{user}",
            FileData = new FileUploadData { FileName = "soak", FileSize = file.Length, FileContent = UnsafeByteOperations.UnsafeWrap(file) },
        };
        var (answer, code) = await gateways[number % gateways.Count].CallAsync(Path, request.ToByteArray(), PutSingleFileRsp.Parser);
        return answer.Success
            ? Ending.Of(answer.RequestId == request.RequestId && answer.FileInfo?.FileId == IdOf($"u{user}", file))
            : Ending.Failed(code ?? "refused");
    }

    /// <summary>What a stub instance calls a file.</summary>
    public static string IdOf(string user, ReadOnlySpan<byte> file) => $"{user} {Convert.ToHexString(SHA256.HashData(file))}";
}
