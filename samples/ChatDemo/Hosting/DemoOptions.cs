namespace ChatDemo.Hosting;

/// <summary>What the command line asked for. The text about it is the usage of <c>demo.sh</c>.</summary>
internal sealed record DemoOptions
{
    public int PagePort { get; init; } = 8080;

    public int HttpPort { get; init; } = 9000;

    public int WebSocketPort { get; init; } = 9001;

    /// <summary>The port of the gateway's page for its operators; null for the one above both, or any free one if that is taken.</summary>
    public int? ManagementPort { get; init; }

    public string? Data { get; init; }

    /// <summary>The gateway's folder of further routes; null for the demo's own.</summary>
    public string? Routes { get; init; }

    public string? Etcd { get; init; }

    public string? Redis { get; init; }

    public bool Smoke { get; init; }

    /// <summary>The login session whose next event is to be written, and nothing started; null for the demo itself.</summary>
    public string? Listen { get; init; }

    /// <exception cref="UsageException">An argument is unknown or its value cannot be used.</exception>
    public static DemoOptions Parse(string[] args)
    {
        var options = new DemoOptions();
        var rest = new Queue<string>(args);
        while (rest.TryDequeue(out var name))
        {
            options = name switch
            {
                "--page-port" => options with { PagePort = PortOrZero(name, rest) },
                "--http-port" => options with { HttpPort = Port(name, rest) },
                "--ws-port" => options with { WebSocketPort = Port(name, rest) },
                "--management-port" => options with { ManagementPort = Port(name, rest) },
                "--data" => options with { Data = Folder(name, rest) },
                "--routes" => options with { Routes = Path.GetFullPath(Folder(name, rest)) },
                "--etcd" => options with { Etcd = Url(name, rest) },
                "--redis" => options with { Redis = HostAndPort(name, rest) },
                "--listen" => options with { Listen = Value(name, rest, "the login_session_id that a login answered") },
                "--smoke" => options with { Smoke = true },
                _ => throw new UsageException($"Unknown argument '{name}'; ./demo.sh --help lists the known ones."),
            };
        }

        return options;
    }

    private static int Port(string name, Queue<string> rest)
    {
        var value = Value(name, rest, "a port number");
        return ushort.TryParse(value, out var port) && port > 0
            ? port
            : throw new UsageException($"{name} is '{value}'; use a port number from 1 to 65535.");
    }

    private static int PortOrZero(string name, Queue<string> rest)
    {
        var value = Value(name, rest, "a port number");
        return ushort.TryParse(value, out var port)
            ? port
            : throw new UsageException($"{name} is '{value}'; use a port number from 1 to 65535, or 0 for any free one.");
    }

    private static string Folder(string name, Queue<string> rest)
    {
        var value = Value(name, rest, "a folder");
        return File.Exists(value)
            ? throw new UsageException($"{name} is '{value}', which is a file; name a folder.")
            : value;
    }

    private static string Url(string name, Queue<string> rest)
    {
        var value = Value(name, rest, "a URL such as http://127.0.0.1:2379");
        return Uri.TryCreate(value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? value
            : throw new UsageException($"{name} is '{value}'; use a URL such as http://127.0.0.1:2379.");
    }

    private static string HostAndPort(string name, Queue<string> rest)
    {
        var value = Value(name, rest, "HOST:PORT");
        var colon = value.LastIndexOf(':');
        return colon > 0 && ushort.TryParse(value.AsSpan(colon + 1), out var port) && port > 0
            ? value
            : throw new UsageException($"{name} is '{value}'; use HOST:PORT such as 127.0.0.1:6379.");
    }

    private static string Value(string name, Queue<string> rest, string expected) =>
        rest.TryDequeue(out var value) && value.Length > 0 && !value.StartsWith("--", StringComparison.Ordinal)
            ? value
            : throw new UsageException($"{name} has no value; give it {expected}.");
}
