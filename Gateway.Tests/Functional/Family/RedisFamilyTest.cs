using Gateway.Tests.Support;
using StackExchange.Redis;

namespace Gateway.Tests.Functional.Family;

/// <summary>A deployment with a real Redis, in which the test plays the user service.</summary>
internal abstract class RedisFamilyTest(string deployment) : FamilyTest(deployment)
{
    private RedisProcess _redis = null!;
    private ConnectionMultiplexer _connection = null!;

    protected IDatabase Database => _connection.GetDatabase();

    public override async Task StartAsync()
    {
        await base.StartAsync();
        await Eventually.That(() => !Hub.Hub.IsDegraded, "the gateway has not found Redis");
    }

    public override async Task StopAsync()
    {
        await base.StopAsync();
        await _connection.DisposeAsync();
        await _redis.DisposeAsync();
    }

    protected override async Task<Dictionary<string, string?>> SettingsAsync()
    {
        _redis = await RedisProcess.CreateAsync();
        _connection = await _redis.ConnectAsync();
        return new Dictionary<string, string?>(await base.SettingsAsync())
        {
            ["Gateway:Redis:Configuration"] = _redis.Configuration,
            ["Gateway:Sessions:Store"] = "Redis",
        };
    }
}
