namespace ChatDemo.Services;

/// <summary>A request the rules do not allow. The message is the sentence the user reads (errmsg).</summary>
internal sealed class RefusedException(string message) : Exception(message);
