using System.Globalization;

namespace Gateway.Chaos.Soak;

/// <summary>What a process holds at one moment.</summary>
/// <param name="Memory">Resident memory, in MiB.</param>
/// <param name="Handles">Open files and connections.</param>
/// <param name="Threads">Threads of the operating system.</param>
internal sealed record Sample(double Memory, int Handles, int Threads)
{
    public static Sample Of(int processId)
    {
        var status = File.ReadAllLines($"/proc/{processId}/status");
        return new Sample(Number(status, "VmRSS:") / 1024.0, Directory.GetFiles($"/proc/{processId}/fd").Length, Number(status, "Threads:"));
    }

    private static int Number(string[] status, string name) => int.Parse(
        status.Single(line => line.StartsWith(name, StringComparison.Ordinal)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
