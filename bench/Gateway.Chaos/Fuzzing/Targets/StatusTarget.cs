using System.Text;
using Gateway.Transforms.Rpc;

namespace Gateway.Chaos.Fuzzing.Targets;

/// <summary>How a gRPC call ended: grpc-status on the first line, grpc-message behind it. Only a plain zero is a good end.</summary>
internal sealed class StatusTarget : IFuzzTarget
{
    public string Name => "status";

    public IReadOnlyList<byte[]> Words { get; } =
        [.. new[] { "0", "1", "4", "14", "16", "-1", "+0", "00", "0x0", "0.0", "2147483648", "4294967296", ", 0", "%20", "%E4%BD", "%zz", "٠" }.Select(Encoding.UTF8.GetBytes)];

    public bool Accepts(byte[] input, Dice dice)
    {
        // As HTTP/2 hands them over: any byte but those that end a line or a text.
        var lines = Encoding.Latin1.GetString(input).Replace('\r', ' ').Replace('\0', ' ').Split('\n', 2);
        var isZero = lines[0].Length > 0 && lines[0].All(digit => digit is '0');
        try
        {
            GrpcStatus.EnsureOk(lines[0], lines is [_, var text] ? text : null);
        }
        catch (AnswerException failed)
        {
            DisagreementException.Unless(!isZero && failed.Message.Length > 0, "a good status is refused, or none is said to be wrong");
            return false;
        }

        DisagreementException.Unless(isZero, $"the status '{lines[0]}' is taken for good");
        return true;
    }
}
