namespace Gateway.Notify.Delivery.Redis;

/// <summary>The steps that Redis carries out as one, each for one bucket; the files say what they need and answer.</summary>
internal static class HubScripts
{
    private static readonly string Common = Load("bucket");

    public static readonly string Beat = Common + Load("beat");
    public static readonly string Enter = Common + Load("enter");
    public static readonly string Rejoin = Common + Load("rejoin");
    public static readonly string Join = Common + Load("join");
    public static readonly string Leave = Common + Load("leave");
    public static readonly string Publish = Common + Load("publish");
    public static readonly string Read = Common + Load("read");
    public static readonly string Resume = Common + Load("resume");
    public static readonly string Strike = Common + Load("strike");
    public static readonly string Due = Common + Load("due");
    public static readonly string Claim = Common + Load("claim");
    public static readonly string Settle = Common + Load("settle");
    public static readonly string Disconnect = Common + Load("disconnect");
    public static readonly string Newest = Common + Load("newest");
    public static readonly string Share = Common + Load("share");

    private static string Load(string name)
    {
        using var stream = typeof(HubScripts).Assembly.GetManifestResourceStream($"{name}.lua")
            ?? throw new InvalidOperationException($"The script '{name}.lua' is missing from {typeof(HubScripts).Assembly.GetName().Name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
