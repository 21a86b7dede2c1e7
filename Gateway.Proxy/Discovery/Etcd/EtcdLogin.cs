using Etcdserverpb;
using Gateway.Proxy.Settings;
using Grpc.Core;

namespace Gateway.Proxy.Discovery.Etcd;

/// <summary>The token of the etcd user, got anew before etcd forgets it (after 5 minutes, as etcd is delivered).</summary>
internal sealed class EtcdLogin(ChannelBase channel, EtcdOptions options, TimeProvider time)
{
    private static readonly TimeSpan Renewal = TimeSpan.FromMinutes(1);

    private Metadata? _headers;
    private long _since;

    /// <summary>What every call carries; null without a user.</summary>
    public async Task<Metadata?> HeadersAsync(CancellationToken cancellationToken)
    {
        if (options.User.Length == 0 || (_headers is not null && time.GetElapsedTime(_since) < Renewal))
        {
            return _headers;
        }

        var password = options.PasswordFile.Length > 0 ? SecretFile.Read(options.PasswordFile) : options.Password;
        var answer = await new Auth.AuthClient(channel).AuthenticateAsync(
            new AuthenticateRequest { Name = options.User, Password = password }, cancellationToken: cancellationToken);
        _since = time.GetTimestamp();
        return _headers = new Metadata { { "token", answer.Token } };
    }
}
