using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Support;

internal sealed record LogEntry(string Category, LogLevel Level, EventId EventId, string Message, string Values, Exception? Exception);
