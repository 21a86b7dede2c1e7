namespace Gateway.Tests.Support;

/// <summary>A response as it came over the socket.</summary>
internal sealed record RawResponse(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body);
