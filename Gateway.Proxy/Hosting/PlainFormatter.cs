using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Hosting;

/// <summary>
/// A formatter of the framework that writes lines for people. Whatever a client, a sub-service or a store managed to put into an event,
/// it stays within the line and is only text. Done here, for the events of all libraries at once; the JSON formatter escapes what it writes anyway.
/// </summary>
internal sealed class PlainFormatter(ConsoleFormatter inner) : ConsoleFormatter(inner.Name)
{
    /// <summary>The console of the framework with such formatters.</summary>
    public static ILoggerProvider CreateConsole(IServiceProvider services) => new ConsoleLoggerProvider(
        services.GetRequiredService<IOptionsMonitor<ConsoleLoggerOptions>>(),
        services.GetServices<ConsoleFormatter>().Select(formatter => formatter.Name == ConsoleFormatterNames.Json ? formatter : new PlainFormatter(formatter)));

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var text = Printable.Text(logEntry.Formatter(logEntry.State, logEntry.Exception) ?? "");
        if (logEntry.Exception is { } exception)
        {
            // Its own line breaks stay, or nobody could read its stack; the formatter indents what follows them, or folds them.
            text += Environment.NewLine + string.Join(Environment.NewLine, exception.ToString().Split(Environment.NewLine).Select(Printable.Text));
        }

        inner.Write(
            new LogEntry<TState>(logEntry.LogLevel, logEntry.Category, logEntry.EventId, logEntry.State, exception: null, (_, _) => text),
            scopeProvider is null ? null : new PlainScopes(scopeProvider),
            textWriter);
    }

    private sealed class PlainScopes(IExternalScopeProvider inner) : IExternalScopeProvider
    {
        public void ForEachScope<TState>(Action<object?, TState> callback, TState state) =>
            inner.ForEachScope((scope, passed) => callback(Printable.Text($"{scope}"), passed), state);

        public IDisposable Push(object? state) => inner.Push(state);
    }
}
