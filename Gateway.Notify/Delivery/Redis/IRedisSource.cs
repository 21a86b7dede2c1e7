using StackExchange.Redis;

namespace Gateway.Notify.Delivery.Redis;

/// <summary>Where the hub gets its Redis from.</summary>
public interface IRedisSource
{
    /// <summary>
    /// A connection for the hub alone: large events must not hold up others' commands. It exists even while Redis does not answer, and
    /// fails commands at once then. The task ends when the first attempt has ended.
    /// </summary>
    Task<IConnectionMultiplexer> GetAsync();
}
