using Gateway.Protocol;
using Gateway.Transforms.Events;

namespace Gateway.Tests.Transforms.Events;

/// <summary>Answers as told, and remembers who was asked for.</summary>
internal sealed class FakeUserDirectory : IUserDirectory
{
    public Dictionary<string, UserInfo> Users { get; } = [];

    public List<string[]> Asked { get; } = [];

    public Func<CancellationToken, Task> Before { get; set; } = _ => Task.CompletedTask;

    public async Task<IReadOnlyDictionary<string, UserInfo>> FindAsync(IReadOnlyCollection<string> userIds, CancellationToken cancellationToken)
    {
        Asked.Add([.. userIds]);
        await Before(cancellationToken);
        return userIds.Where(Users.ContainsKey).ToDictionary(id => id, id => Users[id]);
    }
}
