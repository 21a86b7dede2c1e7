namespace Gateway.Bench.Servers;

/// <summary>Who is logged in: session <c>s7</c> is user <c>u7</c>.</summary>
internal static class People
{
    public const int Count = 20_000;

    public static IEnumerable<(string Session, string User)> All => Enumerable.Range(0, Count).Select(n => (Session(n), User(n)));

    public static string Session(int number) => $"s{number}";

    public static string User(int number) => $"u{number}";
}
