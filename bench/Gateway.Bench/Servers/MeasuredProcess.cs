using System.Diagnostics;
using System.Globalization;

namespace Gateway.Bench.Servers;

/// <summary>A server in a process of its own, with what it and its children use, as /proc tells it.</summary>
internal sealed class MeasuredProcess : IDisposable
{
    /// <summary>Of the kernel's clock for user programs; Linux has had it at 100 for all of its life.</summary>
    private const double TicksPerSecond = 100;

    private readonly Process _process;
    private readonly string _log;

    private MeasuredProcess(Process process, string log)
    {
        _process = process;
        _log = log;
    }

    /// <summary>CPU time used so far, in microseconds.</summary>
    public double CpuMicroseconds => Family().Sum(Ticks) / TicksPerSecond * 1e6;

    /// <summary>Resident memory at this moment, in bytes.</summary>
    public long Resident => Family().Sum(id => Memory(id, "VmRSS:"));

    /// <summary>The most resident memory since <see cref="ForgetPeak"/>, in bytes.</summary>
    public long PeakResident => Family().Sum(id => Memory(id, "VmHWM:"));

    public static MeasuredProcess Start(string log, params string[] command)
    {
        // A shell, so that the program writes to the file itself and nobody has to read along.
        var process = Process.Start("/bin/sh", ["-c", "exec \"$0\" \"$@\" >\"$LOG\" 2>&1".Replace("$LOG", log, StringComparison.Ordinal), .. command]);
        return new MeasuredProcess(process, log);
    }

    public void ForgetPeak()
    {
        foreach (var id in Family())
        {
            File.WriteAllText($"/proc/{id}/clear_refs", "5");
        }
    }

    public void EnsureRuns()
    {
        if (_process.HasExited)
        {
            throw new InvalidOperationException($"A server ended with exit code {_process.ExitCode}. It said:\n{File.ReadAllText(_log)}");
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private IEnumerable<int> Family()
    {
        EnsureRuns();
        var children = File.ReadAllText($"/proc/{_process.Id}/task/{_process.Id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return [_process.Id, .. children.Select(child => int.Parse(child, CultureInfo.InvariantCulture))];
    }

    private static double Ticks(int id)
    {
        // Fields 14 and 15; the second one, the name, may hold spaces.
        var fields = File.ReadAllText($"/proc/{id}/stat").Split(") ")[^1].Split(' ');
        return double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture);
    }

    private static long Memory(int id, string name)
    {
        var line = File.ReadLines($"/proc/{id}/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }
}
