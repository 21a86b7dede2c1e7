using ChatDemo.Hosting;

namespace ChatDemo.Smoke;

/// <summary>Plays the conversation and reports it, a line per step. The first mismatch ends it.</summary>
internal sealed class SmokeRun
{
    private int _steps;

    public static async Task<int> PlayAsync(DemoHost demo)
    {
        using var http = new HttpClient { BaseAddress = demo.GatewayAddress, Timeout = TimeSpan.FromSeconds(30) };
        var run = new SmokeRun();
        using var story = new Conversation(new SmokeClient(http), Addresses(demo), run.StepAsync);
        demo.Codes.Sent += story.ReceiveCode;
        try
        {
            await story.PlayAsync();
        }
        catch (StepFailedException e)
        {
            Console.WriteLine($"FAIL {e.Message}");
            return 1;
        }

        Console.WriteLine($"{run._steps} steps ok");
        return 0;
    }

    private static SocketAddresses Addresses(DemoHost demo) => new(
        Desktop: demo.WebSocketAddress,
        Web: new Uri(demo.WebSocketAddress, "/"),
        HttpPort: new UriBuilder(demo.GatewayAddress) { Scheme = Uri.UriSchemeWs, Path = "/ws" }.Uri);

    private async Task StepAsync(string name, Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception e)
        {
            var what = e is ExpectationException ? e.Message : $"expected no error, got {e.GetType().Name}: {e.Message}";
            throw new StepFailedException($"{name}: {what}", e);
        }

        _steps++;
        Console.WriteLine($"ok   {name}");
    }

    private sealed class StepFailedException(string message, Exception inner) : Exception(message, inner);
}
