using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Gateway.Tests.Support;

/// <summary>
/// A real server for tests, on a free loopback port and with a folder of its own. It can be killed and started again in
/// the same place.
/// </summary>
internal abstract class ServerProcess(string program, string package) : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);

    private readonly Queue<string> _output = new();
    private Process? _process;

    protected string Folder { get; } = Directory.CreateTempSubdirectory($"gateway-{Path.GetFileName(program)}-").FullName;

    protected abstract IEnumerable<string> Arguments { get; }

    /// <summary>True once the server answers its own protocol.</summary>
    protected abstract Task<bool> AnswersAsync(CancellationToken cancellationToken);

    /// <summary>Starts the server in the place it had before, if any, and waits until it answers.</summary>
    public async Task StartAsync()
    {
        ServersAttribute.Demand();
        using var limit = new CancellationTokenSource(StartLimit);
        while (await TryStartAsync(limit.Token) is { } failure)
        {
            // Between choosing a port and listening on it, anybody's outgoing connection may be given that port for a while.
            var portTaken = LastWords().Contains("address already in use", StringComparison.OrdinalIgnoreCase);
            if (!portTaken || limit.IsCancellationRequested)
            {
                throw new InvalidOperationException($"{program} {failure}. Its last words:\n{LastWords()}");
            }

            await Task.Delay(100);
        }
    }

    /// <summary>Asks the server to stop, as an operator would.</summary>
    public Task StopAsync() => EndAsync(Signal.Terminate);

    /// <summary>Ends the server without a warning, as a crash would.</summary>
    public Task KillAsync() => EndAsync(Signal.Kill);

    public async Task RestartAsync()
    {
        await KillAsync();
        await StartAsync();
    }

    /// <summary>Freezes the server: its connections stay open and nothing is answered.</summary>
    public async Task PauseAsync()
    {
        Send(Signal.Stop);
        // On another core it may go on for a moment after the signal was sent.
        var state = $"/proc/{_process!.Id}/stat";
        await Eventually.That(() => File.ReadAllText(state).Split(") ")[^1].StartsWith('T'), $"{program} is frozen");
    }

    public void Resume() => Send(Signal.Continue);

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts <paramref name="server"/>, or leaves nothing of it behind.</summary>
    protected static async Task<T> StartedAsync<T>(T server)
        where T : ServerProcess
    {
        try
        {
            await server.StartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private async Task<string?> TryStartAsync(CancellationToken cancellationToken)
    {
        lock (_output)
        {
            _output.Clear();
        }

        var process = _process = Launch();
        while (!await AnswersOrFailsAsync(cancellationToken) || process.HasExited)
        {
            if (process.HasExited || cancellationToken.IsCancellationRequested)
            {
                var failure = process.HasExited ? $"exited with code {process.ExitCode}" : $"did not answer within {StartLimit.TotalSeconds} s";
                await KillAsync();
                return failure;
            }

            await Task.Delay(20, CancellationToken.None);
        }

        return null;
    }

    private Process Launch()
    {
        var start = new ProcessStartInfo(program, Arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            var process = Process.Start(start)!;
            process.OutputDataReceived += (_, line) => Remember(line.Data);
            process.ErrorDataReceived += (_, line) => Remember(line.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            return process;
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException(
                $"These tests use a real {program}, which cannot be started. Install it with 'apt-get install {package}', or run test.sh, which does so.", e);
        }
    }

    private async Task<bool> AnswersOrFailsAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await AnswersAsync(cancellationToken);
        }
        catch (Exception e) when (e is not InvalidOperationException)
        {
            return false;
        }
    }

    private async Task EndAsync(Signal signal)
    {
        if (_process is not { } process)
        {
            return;
        }

        if (!process.HasExited)
        {
            Send(signal);
            // A frozen server takes the signal only when it goes on.
            Send(Signal.Continue);
        }

        using (var limit = new CancellationTokenSource(StopLimit))
        {
            await process.WaitForExitAsync(limit.Token);
        }

        process.Dispose();
        _process = null;
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
            if (_output.Count > 20)
            {
                _output.Dequeue();
            }
        }
    }

    private string LastWords()
    {
        lock (_output)
        {
            return string.Join('\n', _output);
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
