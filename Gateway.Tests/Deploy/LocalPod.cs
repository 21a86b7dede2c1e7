using Gateway.Proxy;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Deploy;

/// <summary>What a Deployment gives its container, on this machine: the variables as settings, mounted ConfigMaps and Secrets as folders.</summary>
internal sealed class LocalPod : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-pod-");
    private readonly Dictionary<string, string> _mounts;

    /// <param name="deployment">What makes the pod.</param>
    /// <param name="maps">The ConfigMaps there are.</param>
    /// <param name="secrets">The Secrets there are, each with its files.</param>
    public LocalPod(V1Deployment deployment, IReadOnlyDictionary<string, V1ConfigMap> maps, IReadOnlyDictionary<string, IDictionary<string, string>> secrets)
    {
        var pod = deployment.Spec.Template.Spec;
        _mounts = pod.Containers.Single().VolumeMounts.ToDictionary(mount => mount.MountPath, mount => Write(mount.Name, pod.Volumes.Single(volume => volume.Name == mount.Name) switch
        {
            { ConfigMap: { } map } => map.Optional == true && !maps.ContainsKey(map.Name) ? new Dictionary<string, string>() : maps[map.Name].Data,
            { Secret: { } secret } => secrets[secret.SecretName],
            _ => new Dictionary<string, string>(),
        }));
        Settings = Variables(deployment, maps)
            .Where(variable => variable.Key != "POD_IP")
            .ToDictionary(variable => variable.Key.Replace("__", ":", StringComparison.Ordinal), variable => (string?)Translate(variable.Value));
    }

    public Dictionary<string, string?> Settings { get; }

    /// <summary>The variables of the container, with those of its ConfigMaps.</summary>
    public static Dictionary<string, string> Variables(V1Deployment deployment, IReadOnlyDictionary<string, V1ConfigMap> maps)
    {
        var container = deployment.Spec.Template.Spec.Containers.Single();
        var all = container.EnvFrom.Where(source => source.ConfigMapRef is not null).SelectMany(source => maps[source.ConfigMapRef.Name].Data).ToDictionary();
        foreach (var variable in container.Env)
        {
            all[variable.Name] = variable.Value ?? $"<{variable.ValueFrom.FieldRef.FieldPath}>";
        }

        return all;
    }

    /// <summary>The gateway as the container starts it. What Build refuses, it refuses with every unknown name and every value out of its range.</summary>
    public WebApplication Build() => GatewayHost.Build([], builder =>
    {
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(Settings);
    });

    public void Dispose() => _folder.Delete(recursive: true);

    private string Write(string name, IDictionary<string, string> files)
    {
        var folder = _folder.CreateSubdirectory(name).FullName;
        foreach (var (file, text) in files)
        {
            File.WriteAllText(Path.Combine(folder, file), text);
        }

        return folder;
    }

    /// <summary>A value with the pod's address filled in, and the folder of this machine for the mounted one.</summary>
    private string Translate(string value)
    {
        value = value.Replace("$(POD_IP)", "10.0.0.7", StringComparison.Ordinal);
        return _mounts.Where(mount => value == mount.Key || value.StartsWith(mount.Key + "/", StringComparison.Ordinal))
            .Select(mount => mount.Value + value[mount.Key.Length..])
            .SingleOrDefault(value);
    }
}
