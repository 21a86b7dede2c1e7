namespace Gateway.Proxy;

/// <summary>What the program is started with: settings, or a command.</summary>
public static class ProgramArguments
{
    public const string Usage = """
        Usage: Gateway.Proxy [--SETTING=VALUE…]
               Gateway.Proxy validate FILE

        Starts the gateway. Its settings stand in yarp.json and appsettings.json beside the program, in environment variables
        (Gateway__Redis__Configuration) and in arguments, of which the later win:

          --Gateway:Etcd:Endpoints=http://10.0.0.1:2379   where sub-services register
          --Gateway:Redis:Configuration=10.0.0.2:6379     where login sessions are
          --Gateway:RoutesFile=/etc/gateway/yarp.json     other routes than those beside the program

        validate says what is wrong with a routes file, and starts nothing. All settings are in docs/configuration.md.
        """;

    /// <summary>Whether the arguments ask for <see cref="Usage"/>.</summary>
    public static bool IsHelp(string[] args) => args is ["--help" or "-h" or "help", ..];

    /// <summary>
    /// What is wrong with arguments that are no command: the first is none, and no setting either, which the framework would pass over without a word. Null when
    /// the gateway can be started with them.
    /// </summary>
    public static string? FindProblem(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        return args is [var first, .. var rest] && !IsSetting(first, hasValueBehind: rest.Length > 0)
            ? $"The argument '{first}' is neither a setting nor a command; write a setting as --SETTING=VALUE, or the command validate FILE."
            : null;
    }

    /// <summary>As the framework reads arguments: <c>--key=value</c>, <c>/key=value</c>, <c>key=value</c>, <c>--key value</c> and <c>/key value</c>.</summary>
    private static bool IsSetting(string argument, bool hasValueBehind)
    {
        var isMarked = argument.StartsWith("--", StringComparison.Ordinal) || argument.StartsWith('/');
        var key = isMarked ? argument[(argument[0] == '/' ? 1 : 2)..] : argument;
        var end = key.IndexOf('=', StringComparison.Ordinal);
        return !key.StartsWith('-') && (end > 0 || (end < 0 && key.Length > 0 && isMarked && hasValueBehind));
    }
}
