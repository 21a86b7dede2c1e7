using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway.Proxy.Hosting;

/// <summary>Settings of the framework that suit a gateway. They stand below every other source, so any of them can be overridden.</summary>
internal static class DefaultSettings
{
    /// <summary>Puts these settings below those of all sources that have been added, so it has to be called last.</summary>
    public static void AddDefaultSettings(this WebApplicationBuilder builder)
    {
        var inContainer = builder.Configuration.GetValue("DOTNET_RUNNING_IN_CONTAINER", false);
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData = new Dictionary<string, string?>
            {
                ["Logging:LogLevel:Default"] = "Information",
                ["Logging:LogLevel:Microsoft"] = "Warning",
                ["Logging:LogLevel:Microsoft.Hosting.Lifetime"] = "Information",
                // Three warnings at every start in a container, of keys that nothing but some affinity cookies are encrypted with.
                ["Logging:LogLevel:Microsoft.AspNetCore.DataProtection"] = "Error",
                ["Logging:LogLevel:System"] = "Warning",
                ["Logging:LogLevel:Yarp"] = "Warning",
                // A call that failed is logged once, by the outcome, and not again for each request by these.
                ["Logging:LogLevel:Yarp.ReverseProxy.Forwarder"] = "Error",
                ["Logging:LogLevel:Yarp.ReverseProxy.LoadBalancing"] = "Error",
                // Its gravest line is about a client that opens and resets streams faster than it takes the answers.
                ["Logging:LogLevel:Microsoft.AspNetCore.Server.Kestrel.Http2"] = "None",
                ["Logging:LogLevel:Grpc"] = "Warning",
                // Readable lines for people, JSON for whatever collects a container's output.
                ["Logging:Console:FormatterName"] = inContainer ? "json" : "simple",
                ["Logging:Console:FormatterOptions:SingleLine"] = "true",
                ["Logging:Console:FormatterOptions:TimestampFormat"] = inContainer ? "yyyy-MM-ddTHH:mm:ss.fffZ" : "HH:mm:ss.fff ",
                ["Logging:Console:FormatterOptions:UseUtcTimestamp"] = inContainer ? "true" : "false",
            },
        });
    }

    public static void AddConsoleLogging(this WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddConsole();
        builder.Services.Replace(ServiceDescriptor.Singleton<ILoggerProvider>(PlainFormatter.CreateConsole));
    }
}
