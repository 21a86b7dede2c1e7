using Gateway.Proxy.Hosting;
using Google.Protobuf;

namespace Gateway.Proxy.Discovery.Etcd;

/// <summary>Tells the operator about registrations that cannot be used, each key and value once.</summary>
internal sealed partial class UnusableEntries(ILogger logger)
{
    // A service that registers something new and unusable all the time costs repeated lines, but no memory.
    private const int MaxRemembered = 1000;

    private readonly HashSet<(ByteString Key, ByteString Value)> _told = [];

    public void Tell(ByteString key, ByteString value, string problem)
    {
        if (_told.Count >= MaxRemembered)
        {
            _told.Clear();
        }

        if (_told.Add((key, value)))
        {
            Log.Unusable(logger, Printable.Text(key), Printable.Text(value), problem);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1110, LogLevel.Warning, "The registration '{Key}' = '{Value}' in etcd is skipped: {Problem}.", EventName = "RegistrationUnusable")]
        public static partial void Unusable(ILogger logger, string key, string value, string problem);
    }
}
