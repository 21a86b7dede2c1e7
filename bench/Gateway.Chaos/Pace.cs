namespace Gateway.Chaos;

/// <summary>How long things stay broken.</summary>
/// <param name="Etcd">etcd is away.</param>
/// <param name="Redis">Redis is away, or does not move.</param>
/// <param name="Instance">An instance misbehaves.</param>
/// <param name="Between">Load without a fault, before and after each.</param>
internal sealed record Pace(TimeSpan Etcd, TimeSpan Redis, TimeSpan Instance, TimeSpan Between)
{
    public static readonly Pace Full = new(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(3));

    public static readonly Pace Quick = new(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));
}
