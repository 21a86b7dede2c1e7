using Gateway.Protocol;

namespace Gateway.Transforms.Events;

/// <summary>Looks up the details of users that an event is to show.</summary>
public interface IUserDirectory
{
    /// <summary>The details of those that are known, by user id. Throws what its transport throws; the caller goes on without.</summary>
    Task<IReadOnlyDictionary<string, UserInfo>> FindAsync(IReadOnlyCollection<string> userIds, CancellationToken cancellationToken);
}
