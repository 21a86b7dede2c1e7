namespace Gateway.Proxy.Hosting;

/// <summary>What this gateway does: setting <c>Gateway:Roles</c>.</summary>
public sealed class RoleOptions
{
    public const string Proxy = "proxy";
    public const string Notify = "notify";

    /// <summary>
    /// <c>proxy</c> (requests), <c>notify</c> (sockets) or <c>proxy,notify</c>, the default. Gateways with one role each have to be joined by Redis.
    /// </summary>
    public string Roles { get; set; } = $"{Proxy},{Notify}";

    internal bool IsProxy => List().Contains(Proxy);

    internal bool IsNotify => List().Contains(Notify);

    internal string[] List() => Roles.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

internal static class RoleExtensions
{
    public const string Setting = "Gateway:Roles";

    public static void AddRoles(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        builder.Services.AddOptions<RoleOptions>()
            .Configure(options => options.Roles = RolesOf(configuration).Roles)
            .Validate(
                options => options.List() is { Length: > 0 } roles && roles.All(role => role is RoleOptions.Proxy or RoleOptions.Notify),
                $"{Setting} is '{configuration[Setting]}'; use '{RoleOptions.Proxy}', '{RoleOptions.Notify}' or '{RoleOptions.Proxy},{RoleOptions.Notify}'.")
            .ValidateOnStart();
    }

    public static RoleOptions RolesOf(IConfiguration configuration) => configuration[Setting] is { } roles ? new() { Roles = roles } : new();
}
