namespace ChatDemo.Hosting;

/// <summary>The demo cannot start for a reason outside it; the message is one sentence for whoever started it.</summary>
internal sealed class StartException(string message, Exception inner) : Exception(message, inner);
