using Gateway.Protocol;

namespace Gateway.Transforms.Events;

/// <summary>What the user service told about the users of an event.</summary>
public sealed class UserDetails(IReadOnlyDictionary<string, UserInfo> known)
{
    /// <summary>For an event whose users could not be looked up.</summary>
    public static UserDetails None { get; } = new(new Dictionary<string, UserInfo>());

    /// <summary>The user's details; only the id where nothing else is known.</summary>
    public UserInfo this[string userId] => known.GetValueOrDefault(userId) switch
    {
        null => new UserInfo { UserId = userId },
        { UserId: "" } nameless => new UserInfo(nameless) { UserId = userId },
        var user => user,
    };
}
