namespace Gateway.Notify.Delivery.Redis;

/// <summary>The steps that Redis carries out as one; each file says what it needs and answers.</summary>
internal static class HubScripts
{
    public static readonly string Join = Load("join");
    public static readonly string Publish = Load("publish");
    public static readonly string Sync = Load("sync");
    public static readonly string Reseat = Load("reseat");
    public static readonly string Leave = Load("leave");
    public static readonly string Beat = Load("beat");
    public static readonly string Depart = Load("depart");
    public static readonly string Due = Load("due");
    public static readonly string Settle = Load("settle");

    private static string Load(string name)
    {
        using var stream = typeof(HubScripts).Assembly.GetManifestResourceStream($"{name}.lua")
            ?? throw new InvalidOperationException($"The script '{name}.lua' is missing from {typeof(HubScripts).Assembly.GetName().Name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
