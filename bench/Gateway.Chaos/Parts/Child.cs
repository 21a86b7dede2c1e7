using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Gateway.Chaos.Parts;

/// <summary>A program that the run has started, and that can be started again in the same place.</summary>
internal sealed class Child(string folder, string program, params string[] arguments) : IDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);

    private readonly Queue<string> _output = new();
    private Process? _process;

    /// <summary>The id of its process. Ask while it runs.</summary>
    public int Id => _process!.Id;

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>The last lines it wrote, for when it does not do what it should.</summary>
    public string LastWords
    {
        get
        {
            lock (_output)
            {
                return string.Join('\n', _output);
            }
        }
    }

    public void Start()
    {
        var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.OutputDataReceived += (_, line) => Remember(line.Data);
        process.ErrorDataReceived += (_, line) => Remember(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
    }

    /// <summary>Ends it as a crash would.</summary>
    public Task KillAsync() => EndAsync(Signal.Kill);

    /// <summary>Asks it to end, as an orchestrator does.</summary>
    public Task StopAsync() => EndAsync(Signal.Terminate);

    /// <summary>Freezes it: its connections stay open, and nothing is answered.</summary>
    public void Pause() => Send(Signal.Stop);

    public void Resume() => Send(Signal.Continue);

    public void Dispose()
    {
        Send(Signal.Kill);
        _process?.Dispose();
        _process = null;
    }

    private async Task EndAsync(Signal signal)
    {
        Send(signal);
        if (_process is { } process)
        {
            await process.WaitForExitAsync().WaitAsync(StopLimit);
            process.Dispose();
            _process = null;
        }
    }

    private void Send(Signal signal)
    {
        if (_process is { HasExited: false } process)
        {
            _ = SendSignal(process.Id, (int)signal);
        }
    }

    private void Remember(string? line)
    {
        lock (_output)
        {
            _output.Enqueue(line ?? "");
            if (_output.Count > 30)
            {
                _output.Dequeue();
            }
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int processId, int signal);

    private enum Signal
    {
        Kill = 9,
        Terminate = 15,
        Continue = 18,
        Stop = 19,
    }
}
