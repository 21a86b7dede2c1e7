using Gateway.Proxy.Hosting;
using Gateway.Proxy.Routing;
using Gateway.Proxy.Settings;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy;

/// <summary>What is wrong with settings and routes, told at once: at start, and by the command <c>validate</c>.</summary>
/// <param name="builder">The gateway before it is built, which uses some of the settings.</param>
internal sealed class StartCheck(WebApplicationBuilder builder)
{
    private readonly List<string> _errors = [];

    public IReadOnlyList<string> Errors => [.. _errors.Distinct()];

    /// <summary>Builds the gateway.</summary>
    /// <exception cref="ConfigurationRefusedException">The settings have at least one mistake; the routes are looked at with them then, and later otherwise.</exception>
    public WebApplication Build()
    {
        CheckSettings();
        WebApplication? app = null;
        Collect(() => app = builder.Build());
        if (app is not null)
        {
            CheckLimits(app.Services);
        }
        else
        {
            // Settings of the server's were wrong, which it does not wait for the others with.
            using var services = builder.Services.BuildServiceProvider();
            CheckLimits(services);
        }

        if (app is not null && _errors.Count == 0)
        {
            return app;
        }

        if (RoleExtensions.RolesOf(builder.Configuration).IsProxy)
        {
            CheckRoutes();
        }

        throw new ConfigurationRefusedException(Errors);
    }

    /// <summary>
    /// Looks at names and values in the section Gateway. Values that cannot be read are taken out of the configuration: they would keep their
    /// section, and all that looks at it, from being judged.
    /// </summary>
    public void CheckSettings()
    {
        var location = RouteFile.Locate(builder.Configuration, builder.Environment.ContentRootPath);
        var reading = new RouteReader(builder.Configuration, location, builder.Environment).Read();
        builder.Services.AddSingleton(new StartSettings(
            reading.Settings.Where(setting => setting.Key.StartsWith(KnownSettings.Root + ':', StringComparison.OrdinalIgnoreCase)).ToDictionary(StringComparer.OrdinalIgnoreCase),
            reading.Origins));
        var check = SettingsCheck.OfGateway(
            new ConfigurationBuilder().AddInMemoryCollection(reading.Settings).Build(), new KnownSettings(builder.Services), reading.Origins);
        _errors.AddRange(reading.Misplaced);
        _errors.AddRange(check.Errors);
        if (check.Unreadable.Count > 0)
        {
            builder.Configuration.AddInMemoryCollection(check.Unreadable.Select(key => KeyValuePair.Create(key, (string?)null)));
        }
    }

    /// <summary>Looks at the limits of all sections.</summary>
    public void CheckLimits(IServiceProvider services) => Collect(() => services.GetService<IStartupValidator>()?.Validate());

    /// <summary>
    /// Looks at the routes although the settings have mistakes, which would break what the routes are built with: so they are judged, and not built.
    /// </summary>
    public void CheckRoutes()
    {
        IServiceCollection unlimited = new ServiceCollection();
        // What these parts have to log is about a gateway that does not start.
        foreach (var service in builder.Services.Where(service => !IsValidator(service.ServiceType) && service.ServiceType != typeof(ILoggerProvider)))
        {
            unlimited.Add(service);
        }

        using var services = unlimited.BuildServiceProvider();
        try
        {
            var loader = services.GetRequiredService<RouteLoader>();
            Collect(() => loader.JudgeAsync(loader.Read()).GetAwaiter().GetResult());
        }
        catch (Exception exception)
        {
            // Beyond its limits a setting may break whatever uses it.
            _errors.Add($"Routes and clusters were not looked at ({exception.Message.TrimEnd('.')}); correct the other settings first.");
        }
    }

    private void Collect(Action check)
    {
        try
        {
            check();
        }
        catch (Exception exception) when (StartFailure.Describe(exception) is { } reasons)
        {
            _errors.AddRange(reasons);
        }
    }

    private static bool IsValidator(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IValidateOptions<>);
}
