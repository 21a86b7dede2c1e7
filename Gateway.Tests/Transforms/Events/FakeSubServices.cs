using System.Buffers;
using Gateway.Protocol;
using Gateway.Transforms.Events;
using Google.Protobuf;

namespace Gateway.Tests.Transforms.Events;

/// <summary>Answers as told, and remembers what it was asked.</summary>
internal sealed class FakeSubServices : ISubServices
{
    /// <summary>Whom the user service knows.</summary>
    public Dictionary<string, UserInfo> Users { get; } = [];

    /// <summary>Of whom it was asked.</summary>
    public List<string[]> Asked { get; } = [];

    /// <summary>Whatever else is asked, by path.</summary>
    public Dictionary<string, Func<byte[], byte[]>> Methods { get; } = [];

    public Func<CancellationToken, Task> Before { get; set; } = _ => Task.CompletedTask;

    public async Task<byte[]> AskAsync(string clusterId, string path, ReadOnlySequence<byte> request, int maxAnswer, CancellationToken cancellationToken)
    {
        if (Methods.TryGetValue(path, out var method))
        {
            await Before(cancellationToken);
            return method(request.ToArray());
        }

        string[] ids = [.. GetMultiUserInfoReq.Parser.ParseFrom(request).UsersId];
        Asked.Add(ids);
        await Before(cancellationToken);
        return new GetMultiUserInfoRsp { Success = true, UsersInfo = { ids.Where(Users.ContainsKey).ToDictionary(id => id, id => Users[id]) } }.ToByteArray();
    }
}
