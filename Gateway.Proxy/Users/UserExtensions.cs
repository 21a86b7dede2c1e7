using Gateway.Transforms.Events;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Yarp.ReverseProxy;

namespace Gateway.Proxy.Users;

internal static class UserExtensions
{
    /// <summary>Registers the look-up of user details for events.</summary>
    public static void AddUserDirectory(this IServiceCollection services)
    {
        services.AddOptions<UserDetailsOptions>().BindConfiguration(UserDetailsOptions.SectionName);
        // Lazy, because YARP's state in turn needs the transforms, and those the directory.
        services.TryAddSingleton(provider => new Lazy<IProxyStateLookup>(provider.GetRequiredService<IProxyStateLookup>));
        services.TryAddSingleton<IUserDirectory, UserServiceDirectory>();
    }
}
