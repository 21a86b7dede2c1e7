using Gateway.Proxy.Settings;

namespace Gateway.Proxy.Discovery;

/// <summary>How patiently a registry is asked that is reached over the network and tells of changes by itself.</summary>
public abstract class RegistryOptions
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    /// <summary>How long one TCP connection attempt may take. Default 3 seconds, from 10 milliseconds to 1 minute.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long the registry may take to answer one request. Default 3 seconds, 5 for Kubernetes; from 10 milliseconds to 1 minute.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>The pause after a first failure; it doubles with each further one. Default 100 milliseconds, at least 1 millisecond.</summary>
    public TimeSpan RetryDelayMin { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause between two attempts. Default 5 seconds, up to 1 minute and not below RetryDelayMin.</summary>
    public TimeSpan RetryDelayMax { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long changes are gathered before the proxy takes them over together. Default 50 milliseconds, from 0 to 10 seconds.</summary>
    public TimeSpan Debounce { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <param name="errors">Get a sentence for each value out of its range.</param>
    /// <param name="section">What the settings stand in.</param>
    internal void CheckTimes(SettingErrors errors, string section)
    {
        errors.CheckTime(nameof(ConnectTimeout), ConnectTimeout, 10 * Millisecond, Minute, SettingErrors.WithItsForm);
        errors.CheckTime(nameof(RequestTimeout), RequestTimeout, 10 * Millisecond, Minute, SettingErrors.WithItsForm);
        errors.CheckTime(nameof(RetryDelayMin), RetryDelayMin, Millisecond, Minute, SettingErrors.WithItsForm);
        errors.CheckTime(nameof(RetryDelayMax), RetryDelayMax, Millisecond, Minute, SettingErrors.WithItsForm);
        errors.CheckTime(nameof(Debounce), Debounce, TimeSpan.Zero, TimeSpan.FromSeconds(10), SettingErrors.WithItsForm);
        if (RetryDelayMin > RetryDelayMax)
        {
            errors.Add($"{section}:RetryDelayMin is '{RetryDelayMin:c}'; it must not exceed RetryDelayMax, which is '{RetryDelayMax:c}'.");
        }
    }
}
