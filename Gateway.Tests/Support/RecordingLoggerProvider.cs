using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Support;

/// <summary>Keeps everything that is logged, for assertions.</summary>
internal sealed partial class RecordingLoggerProvider : ILoggerProvider
{
    private readonly ConcurrentQueue<LogEntry> _entries = new();

    public IReadOnlyList<LogEntry> Entries => [.. _entries];

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, _entries);

    public ILogger<T> CreateLogger<T>() => new LoggerFactory([this]).CreateLogger<T>();

    public IReadOnlyList<LogEntry> Named(string eventName) => [.. _entries.Where(entry => entry.EventId.Name == eventName)];

    /// <summary>Errors mean that the gateway itself is at fault, so a test that did not ask for one fails.</summary>
    /// <param name="since">How many entries are of no interest.</param>
    public void AssertNoErrors(int since = 0) =>
        Assert.That(_entries.Skip(since).Where(entry => entry.Level >= LogLevel.Error), Is.Empty, "Errors were logged");

    /// <summary>
    /// Whoever reads logs must not be able to log in with what stands there. The session ids of all tests begin with <c>s-</c>, and nothing
    /// else does, so this finds also those of impossible form and those that are nobody's.
    /// </summary>
    public void AssertNoSessionIds() =>
        Assert.That(_entries.Where(entry => SessionId.IsMatch($"{entry.Message} {entry.Values} {entry.Exception}")), Is.Empty, "A session id was logged");

    public void Dispose()
    {
    }

    [GeneratedRegex("(?<![A-Za-z0-9_-])s-[A-Za-z0-9]")]
    private static partial Regex SessionId { get; }

    private sealed class Logger(string category, ConcurrentQueue<LogEntry> entries) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            entries.Enqueue(new LogEntry(category, logLevel, eventId, formatter(state, exception), Values(state), exception));

        /// <summary>What structured logs have beside the message, and may have more of.</summary>
        private static string Values<TState>(TState state) =>
            state is IEnumerable<KeyValuePair<string, object?>> values ? string.Join(' ', values.Select(value => $"{value.Key}={value.Value}")) : "";
    }
}
