using System.Security.Cryptography;

namespace Gateway.Notify.Delivery;

/// <summary>What this node is called among the others: its host, and something of its own, for a host may hold several and see them come and go.</summary>
internal sealed class NodeName
{
    private const int Characters = 6;

    public string Value { get; } = $"{Environment.MachineName}-{RandomNumberGenerator.GetHexString(Characters, lowercase: true)}";
}
