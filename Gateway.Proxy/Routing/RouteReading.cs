using System.Security.Cryptography;
using System.Text;

namespace Gateway.Proxy.Routing;

/// <summary>Everything that makes up the routes, as it was at one moment. Nothing in it has been judged yet, apart from its form.</summary>
internal sealed class RouteReading
{
    /// <param name="fileSettings">What the route files say.</param>
    /// <param name="settings">The same with what wins over it, in the sections of routes and gateway.</param>
    /// <param name="origins">Where these are written.</param>
    /// <param name="descriptorSets">The descriptor sets that are named there, by path.</param>
    /// <param name="contents">All files that were read for it, by path.</param>
    /// <param name="misplaced">What stands in a route file where it may not stand.</param>
    /// <param name="errors">Why the descriptor sets could not be read.</param>
    public RouteReading(
        IReadOnlyDictionary<string, string?> fileSettings,
        IReadOnlyDictionary<string, string?> settings,
        RouteOrigins origins,
        IReadOnlyList<KeyValuePair<string, byte[]>> descriptorSets,
        IEnumerable<KeyValuePair<string, byte[]>> contents,
        IReadOnlyList<string>? misplaced = null,
        IReadOnlyList<string>? errors = null)
    {
        FileSettings = fileSettings;
        Settings = settings;
        Origins = origins;
        DescriptorSets = descriptorSets;
        Misplaced = misplaced ?? [];
        Errors = errors ?? [];
        Fingerprint = Hash(hash =>
        {
            foreach (var (path, bytes) in contents.Concat(descriptorSets))
            {
                Append(hash, path);
                hash.AppendData(SHA256.HashData(bytes));
            }

            Append(hash, settings);
            foreach (var error in Errors)
            {
                Append(hash, error);
            }
        });
    }

    /// <summary>What could not even be read.</summary>
    public RouteReading(IReadOnlyList<string> errors)
        : this(new Dictionary<string, string?>(), new Dictionary<string, string?>(), new RouteOrigins(), [], [], errors: errors)
    {
    }

    public IReadOnlyDictionary<string, string?> FileSettings { get; }

    public IReadOnlyDictionary<string, string?> Settings { get; }

    public RouteOrigins Origins { get; }

    public IReadOnlyList<KeyValuePair<string, byte[]>> DescriptorSets { get; }

    /// <summary>Mistakes without which the rest can be judged.</summary>
    public IReadOnlyList<string> Misplaced { get; }

    /// <summary>Mistakes that leave the rest in the dark.</summary>
    public IReadOnlyList<string> Errors { get; }

    /// <summary>Differs as soon as one byte does.</summary>
    public string Fingerprint { get; }

    /// <summary>Differs if routes, clusters or descriptor sets do.</summary>
    public string Revision() => Hash(hash =>
    {
        Append(hash, Settings
            .Where(setting => setting.Key.StartsWith(RoutingExtensions.SectionName + ':', StringComparison.OrdinalIgnoreCase))
            .OrderBy(setting => setting.Key, StringComparer.OrdinalIgnoreCase));
        Append(hash, CatalogName());
    });

    /// <summary>Differs if the descriptor sets do.</summary>
    public string CatalogName() => Hash(hash =>
    {
        foreach (var (_, bytes) in DescriptorSets)
        {
            hash.AppendData(SHA256.HashData(bytes));
        }
    });

    private static void Append(IncrementalHash hash, IEnumerable<KeyValuePair<string, string?>> settings)
    {
        foreach (var (key, value) in settings)
        {
            Append(hash, key);
            Append(hash, value ?? "");
        }
    }

    private static void Append(IncrementalHash hash, string text)
    {
        hash.AppendData(BitConverter.GetBytes(text.Length));
        hash.AppendData(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Short enough for a log line, long enough never to be met twice.</summary>
    private static string Hash(Action<IncrementalHash> append)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        append(hash);
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }
}
