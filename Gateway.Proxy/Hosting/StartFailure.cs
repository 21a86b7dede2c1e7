using System.Globalization;
using System.Text.RegularExpressions;
using Gateway.Proxy.Settings;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Hosting;

/// <summary>Tells what kept the gateway from starting, in sentences instead of a stack trace.</summary>
public static partial class StartFailure
{
    private const string Host = "Microsoft.Extensions.Hosting.Internal.Host";

    /// <summary>How the binder begins to say which value of which setting it cannot read.</summary>
    private const string WrongType = "Failed to convert configuration value";

    /// <summary>What an operator can mend, a line each; null for anything else, which should end the process with its stack trace.</summary>
    /// <param name="exception">What ended the start.</param>
    /// <param name="ports">The gateway's ports and their settings, if it came so far: then one that is taken is named by its setting.</param>
    public static IReadOnlyList<string>? Describe(Exception exception, ILookup<int, string>? ports = null) => exception switch
    {
        ConfigurationRefusedException refused => refused.Errors,
        OptionsValidationException options => [.. options.Failures],
        AggregateException { InnerExceptions: var inner } when inner.All(e => e is OptionsValidationException) =>
            [.. inner.Cast<OptionsValidationException>().SelectMany(e => e.Failures)],
        // A value of the wrong type. The binder's code is generated into each library, so its sentence is all that they share.
        InvalidOperationException when exception.Message.StartsWith(WrongType, StringComparison.Ordinal) => [exception.Message],
        IOException { InnerException: AddressInUseException } => [$"{exception.Message} Stop what listens there, or set {PortToChange(exception.Message, ports)}."],
        _ => null,
    };

    /// <summary>
    /// Whoever starts the gateway gets the exception. Until it has started, the host does not log the same as well, with the end of each service in the
    /// background, and a stack trace for each.
    /// </summary>
    internal static void TellOnce(this WebApplicationBuilder builder)
    {
        var started = new Started();
        builder.Services.AddSingleton(started);
        builder.Logging.AddFilter(Host, level => level >= LogLevel.Warning && started.IsSet);
    }

    /// <summary>From here on the host logs what fails.</summary>
    internal static void LetHostLog(this WebApplication app) => app.Lifetime.ApplicationStarted.Register(() => app.Services.GetRequiredService<Started>().IsSet = true);

    /// <summary>What to set in place of a port that is taken.</summary>
    /// <param name="sentence">The server's, which names the address.</param>
    /// <param name="ports">As <see cref="Describe"/> has them.</param>
    private static string PortToChange(string sentence, ILookup<int, string>? ports) =>
        ports is not null && TakenPort().Match(sentence) is { Success: true } match
        && ports[int.Parse(match.ValueSpan, CultureInfo.InvariantCulture)].ToArray() is { Length: > 0 } settings
            ? $"{string.Join(" or ", settings)} to another port"
            : "Gateway:Listen, Gateway:Tls, Gateway:Push or Gateway:Management to other ports";

    [GeneratedRegex("(?<=://[^ ]+:)[0-9]{1,5}(?=: )")]
    private static partial Regex TakenPort();

    private sealed class Started
    {
        public bool IsSet { get; set; }
    }
}
