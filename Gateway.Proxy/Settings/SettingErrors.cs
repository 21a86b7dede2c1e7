using System.Globalization;
using System.Net;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Settings;

/// <summary>The mistakes in the settings of one section, each a sentence that names the setting, its value and the cure.</summary>
/// <remarks>Not by <c>[Range]</c>: its sentences have no cure, and its bounds for times need reflection, which a native build lacks.</remarks>
internal sealed class SettingErrors(string section)
{
    /// <summary>A cure for times, for those who might write a bare number of seconds.</summary>
    public const string WithItsForm = "a time from '{0:c}' to '{1:c}', written as hours:minutes:seconds";

    private readonly List<string> _sentences = [];

    public ValidateOptionsResult Result =>
        _sentences.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(_sentences);

    public void Add(string sentence) => _sentences.Add(sentence);

    public void AddRange(IEnumerable<string> sentences) => _sentences.AddRange(sentences);

    public void CheckPort(string setting, int port)
    {
        if (port is < IPEndPoint.MinPort or > IPEndPoint.MaxPort)
        {
            Add($"{section}:{setting} is {port}; use 1 to 65535, or 0 for any free port.");
        }
    }

    /// <param name="setting">Its name within the section.</param>
    /// <param name="value">What it is set to.</param>
    /// <param name="min">The least it may be.</param>
    /// <param name="max">The most it may be.</param>
    /// <param name="cure">What to use instead, with both bounds.</param>
    public void CheckNumber(string setting, long value, long min, long max, string cure = "{0} to {1}")
    {
        if (value < min || value > max)
        {
            Add($"{section}:{setting} is {value}; use {string.Format(CultureInfo.InvariantCulture, cure, min, max)}.");
        }
    }

    /// <inheritdoc cref="CheckNumber"/>
    public void CheckTime(string setting, TimeSpan value, TimeSpan min, TimeSpan max, string cure = "'{0:c}' to '{1:c}'")
    {
        if (value < min || value > max)
        {
            Add($"{section}:{setting} is '{value:c}'; use {string.Format(CultureInfo.InvariantCulture, cure, min, max)}.");
        }
    }
}
