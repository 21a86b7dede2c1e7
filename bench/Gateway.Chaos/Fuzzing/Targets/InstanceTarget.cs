using System.Globalization;
using System.Text;
using Gateway.Proxy.Discovery.Etcd;
using Gateway.Proxy.Hosting;
using Google.Protobuf;

namespace Gateway.Chaos.Fuzzing.Targets;

/// <summary>A registration in etcd, <c>key=value</c>. What is accepted is an address that can be connected to, and a service's name.</summary>
internal sealed class InstanceTarget : IFuzzTarget
{
    private const string Prefix = "/service/";

    private static readonly InstanceParser Parser = new(Prefix);

    public string Name => "instance";

    public IReadOnlyList<byte[]> Words { get; } =
    [
        .. new[] { "/", "//", "/service/", "=", ":", "::", "[", "]", "[::1]", "%25eth0", "http://", "https://", "ftp://", "@", "?", "#", "0", "65535", "65536", "127.0.0.1", "0x7f.1", "user_service", "ü", "..", " " }
            .Select(Encoding.UTF8.GetBytes),
    ];

    public bool Accepts(byte[] input, Dice dice)
    {
        var equals = input.AsSpan().IndexOf((byte)'=');
        var (key, value) = equals < 0 ? (input, []) : (input[..equals], input[(equals + 1)..]);
        if (!Parser.TryParse(key, value, out var instance, out var problem))
        {
            DisagreementException.Unless(problem.Length > 0, "it is refused, and nothing is said to be wrong");
            var told = Printable.Text(ByteString.CopyFrom(key)) + Printable.Text(ByteString.CopyFrom(value));
            DisagreementException.Unless(!told.Any(char.IsControl), "a line of the log can be forged");
            return false;
        }

        DisagreementException.Unless(
            Uri.TryCreate(instance.Address, UriKind.Absolute, out var address) && address.Host.Length > 0 && address.UserInfo.Length == 0
                && address.PathAndQuery is "/" && address.Fragment.Length == 0,
            $"'{instance.Address}' is no address");
        DisagreementException.Unless(
            instance.Address.EndsWith(address!.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal), $"'{instance.Address}' has another port");
        DisagreementException.Unless(
            instance.Key.StartsWith(Prefix + instance.Service + '/', StringComparison.Ordinal), $"'{instance.Key}' is not of the service '{instance.Service}'");
        return true;
    }
}
