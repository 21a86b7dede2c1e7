using Gateway.Protocol;

namespace Gateway.Transforms.Events;

/// <summary>What the user service told about the users of an event.</summary>
public sealed class UserDetails(IReadOnlyDictionary<string, UserInfo> known)
{
    /// <summary>For an event whose users could not be looked up.</summary>
    public static UserDetails None { get; } = new(new Dictionary<string, UserInfo>());

    /// <summary>The user's details; only the id where nothing else is known, and the id even where the user service left it out.</summary>
    public UserInfo this[string userId] =>
        known.TryGetValue(userId, out var user) ? new UserInfo(user) { UserId = userId } : new UserInfo { UserId = userId };
}
