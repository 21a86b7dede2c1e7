namespace Gateway.Tests.Support;

/// <summary>
/// Marks a fixture or a test that starts another program: Redis, etcd, a browser, Node, the gateway as a process of its own.
/// <c>test.sh --fast</c> leaves it out.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class ServersAttribute() : CategoryAttribute(Category)
{
    private const string Category = "Servers";

    /// <summary>Fails a test that starts a program without saying so, or it would run, and be in need of that program, with <c>--fast</c>.</summary>
    public static void Demand()
    {
        var test = TestContext.CurrentContext.Test;
        if (!test.AllCategories().Contains(Category))
        {
            throw new InvalidOperationException($"{test.FullName} starts another program; put [Servers] on it, or on its fixture.");
        }
    }
}
