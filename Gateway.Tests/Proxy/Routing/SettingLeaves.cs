using System.Collections;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Proxy.Routing;

/// <summary>All settings there are, by their types.</summary>
internal static class SettingLeaves
{
    /// <summary>Those of the section Gateway, each with the options it belongs to.</summary>
    public static IEnumerable<(Type Options, string Path, Type Type)> OfGateway(IServiceCollection services) =>
        from options in services.Select(service => service.ServiceType)
            .Where(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IConfigureOptions<>))
            .Select(type => type.GenericTypeArguments[0])
            .Distinct()
        let section = options.GetField("SectionName")?.GetRawConstantValue() as string
        where section?.StartsWith("Gateway:", StringComparison.Ordinal) == true
        from leaf in Of(options, section)
        select (options, leaf.Path, leaf.Type);

    /// <summary>All single values below a type, with one element in each list. Those of another assembly than the options are single.</summary>
    public static IEnumerable<(string Path, Type Type)> Of(Type type, string path)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsDefined(typeof(FlagsAttribute)))
        {
            return [($"{path}:0", type)];
        }

        if (type != typeof(string) && type.IsAssignableTo(typeof(IEnumerable)))
        {
            var element = type.GetInterfaces().Append(type).First(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEnumerable<>)).GenericTypeArguments[0];
            var isDictionary = element.IsGenericType && element.GetGenericTypeDefinition() == typeof(KeyValuePair<,>);
            return Of(isDictionary ? element.GenericTypeArguments[1] : element, $"{path}:{(isDictionary ? "k" : "0")}");
        }

        return type.IsEnum || type.Namespace == nameof(System)
            ? [(path, type)]
            : type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(property => property.Name is not (nameof(RouteConfig.RouteId) or nameof(ClusterConfig.ClusterId)))
                .SelectMany(property => Of(property.PropertyType, $"{path}:{property.Name}"));
    }
}
