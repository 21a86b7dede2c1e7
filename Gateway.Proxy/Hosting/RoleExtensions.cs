using Gateway.Proxy.Hub;

namespace Gateway.Proxy.Hosting;

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
            .Validate(
                options => options is { IsProxy: true, IsNotify: true } || HubExtensions.SpansNodes(configuration),
                $"{Setting} is '{configuration[Setting]}', but events do not leave this process; set Gateway:Notify:Bus to 'Redis', so that they reach the gateways with the sockets.")
            .ValidateOnStart();
    }

    public static RoleOptions RolesOf(IConfiguration configuration) => configuration[Setting] is { } roles ? new() { Roles = roles } : new();
}
