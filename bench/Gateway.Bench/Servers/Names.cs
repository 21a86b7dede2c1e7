namespace Gateway.Bench.Servers;

/// <summary>What the tables call the candidates.</summary>
internal static class Names
{
    public const string Direct = "sub-service";
    public const string Nginx = "nginx";
    public const string YarpHttp1 = "plain YARP h1";
    public const string YarpHttp2 = "plain YARP h2c";
    public const string Memory = "gateway, memory";
    public const string Redis = "gateway, Redis";
    public const string RedisNative = "gateway native, Redis";
}
