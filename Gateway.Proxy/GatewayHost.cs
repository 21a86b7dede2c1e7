namespace Gateway.Proxy;

/// <summary>Builds the gateway: the one place where its parts are put together.</summary>
public static class GatewayHost
{
    /// <summary>
    /// Builds a gateway that is ready to run. Settings come from appsettings.json, yarp.json, environment variables and
    /// <paramref name="args"/>, the later winning.
    /// </summary>
    /// <param name="args">Command line settings, as <c>--Gateway:Listen:HttpPort=9000</c>.</param>
    /// <param name="configure">For a host that embeds the gateway (the demo, a test): runs last, so it can replace settings and services.</param>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(args);
        configure?.Invoke(builder);
        return builder.Build();
    }
}
