namespace ChatDemo.Hosting;

/// <summary>The command line cannot be used; the message says which argument, and what to write instead.</summary>
internal sealed class UsageException(string message) : Exception(message);
