namespace Gateway.Transforms.Rpc;

/// <summary>A message turned out to be malformed while it was passed on. An <see cref="IOException"/>, as any body that breaks off.</summary>
internal sealed class MalformedMessageException(string problem) : IOException(problem);
