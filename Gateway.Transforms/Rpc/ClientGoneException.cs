namespace Gateway.Transforms.Rpc;

/// <summary>The connection, or the stream, by which a body was coming has ended.</summary>
internal sealed class ClientGoneException(IOException cause) : IOException(cause.Message, cause);
