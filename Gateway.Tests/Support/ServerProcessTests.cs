using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Support;

[Servers]
public sealed class ServerProcessTests
{
    [Test]
    public async Task Start_PortTakenForAWhile_WaitsForIt()
    {
        await using var etcd = new EtcdProcess();
        await using var redis = new RedisProcess();
        using var etcdPort = new TcpListener(IPAddress.Loopback, etcd.Port);
        using var redisPort = new TcpListener(IPAddress.Loopback, redis.Port);
        etcdPort.Start();
        redisPort.Start();

        var starting = Task.WhenAll(etcd.StartAsync(), redis.StartAsync());
        await Task.Delay(500);
        Assert.That(starting.IsCompleted, Is.False);
        etcdPort.Stop();
        redisPort.Stop();

        await starting.DefaultTimeout();
    }
}
