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
