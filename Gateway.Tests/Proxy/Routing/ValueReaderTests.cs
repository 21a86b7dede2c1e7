using System.Reflection;
using Gateway.Proxy;
using Gateway.Proxy.Routing;
using Gateway.Proxy.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Proxy.Routing;

/// <summary>The check of values and those who read them have to agree, for each setting there is: what passes is read, and what is refused is not.</summary>
[TestFixture]
internal sealed class ValueReaderTests
{
    private const string NoValue = "five";

    private static readonly string?[] Texts =
    [
        null, "", " ", NoValue, "0", "5", "-1", "+1", " 7 ", "1,000", "0.5", "1e3", "1e999", "NaN", "2147483648", "9223372036854775808", "0x10", "٣",
        "true", "FALSE", " True ", "yes", "00:00:05", "00:05", "1.00:00:00", "25:00:00", "-00:00:01", "00:00:00.5", "00:00:60", "24:00:00", " 00:00:05 ", "99999999.00:00:00",
        "1.1", "2", "2.0.0.0.0", "2.x", "http://a:1", "a", "/a", "a:b", "http://", "http://a:x", "Exists", "exists, contains", "Exact", "77", "None,", "redis", "Tls12", "Tls12, Tls13", "Strict", "ENVELOPE",
    ];

    [Test]
    public void FindCure_RoutesAndClusters_AgreesWithYarp()
    {
        Assert.Multiple(() =>
        {
            foreach (var (path, type) in SettingLeaves.Of(typeof(RouteConfig), "ReverseProxy:Routes:r").Concat(SettingLeaves.Of(typeof(ClusterConfig), "ReverseProxy:Clusters:c")))
            {
                AssertKnown(path, type);
                // Flags are a list, whose elements are never null.
                foreach (var text in Texts.Where(text => text is not null || !type.IsDefined(typeof(FlagsAttribute))))
                {
                    Dictionary<string, string?> settings = new() { ["ReverseProxy:Routes:r:Match:Path"] = "/r", [path] = text };
                    var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();

                    Assert.That(SettingsCheck.OfRoutes(configuration, new RouteOrigins()).Errors, Has.Count.EqualTo(IsReadByYarp(configuration) ? 0 : 1), $"{path} = '{text}'");
                }
            }
        });
    }

    [Test]
    public void FindCure_SectionGateway_AgreesWithTheBinder()
    {
        var builder = GatewayHost.CreateBuilder([]);
        var known = new KnownSettings(builder.Services);
        using var services = builder.Services.BuildServiceProvider();
        var leaves = SettingLeaves.OfGateway(builder.Services).ToList();
        HashSet<Type> tried = [];
        Assert.That(leaves, Has.Count.AtLeast(100));

        Assert.Multiple(() =>
        {
            foreach (var (section, path, type) in leaves)
            {
                AssertKnown(path, type);
                // Values are read by their type: all texts for the first setting of each, and one that none can be for the others.
                foreach (var text in type == typeof(string) ? [] : tried.Add(type) ? Texts : [NoValue])
                {
                    builder.Configuration[path] = text;
                    var isRead = IsBound(services, section);
                    var errors = SettingsCheck.OfGateway(builder.Configuration, known, new RouteOrigins()).Errors;
                    builder.Configuration[path] = "";

                    Assert.That(errors, Has.Count.EqualTo(isRead ? 0 : 1), $"{path} = '{text}'");
                }
            }
        });
    }

    private static bool IsReadByYarp(IConfiguration configuration)
    {
        try
        {
            RouteSettings.Read(configuration.GetSection(RoutingExtensions.SectionName), new RouteOrigins(), "", "");
            return true;
        }
        catch (ConfigurationRefusedException)
        {
            return false;
        }
    }

    private static bool IsBound(IServiceProvider services, Type section)
    {
        try
        {
            var factory = typeof(IOptionsFactory<>).MakeGenericType(section);
            factory.GetMethod("Create")!.Invoke(services.GetRequiredService(factory), [Options.DefaultName]);
            return true;
        }
        catch (TargetInvocationException exception) when (exception.InnerException is OptionsValidationException)
        {
            // Read, and then found to be out of its range.
            return true;
        }
        catch (TargetInvocationException exception) when (exception.InnerException is InvalidOperationException)
        {
            return false;
        }
    }

    private static void AssertKnown(string path, Type type) => Assert.That(
        type.IsEnum || type == typeof(string) || type == typeof(bool) || type == typeof(int) || type == typeof(long) || type == typeof(double)
            || type == typeof(TimeSpan) || type == typeof(Uri) || type == typeof(Version),
        Is.True,
        $"{path}: nobody checks values of {type}");
}
