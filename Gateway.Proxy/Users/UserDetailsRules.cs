namespace Gateway.Proxy.Users;

/// <summary>Checks the settings of <see cref="UserDetailsOptions"/> against the clusters there are.</summary>
internal static class UserDetailsRules
{
    public static IEnumerable<string> Check(UserDetailsOptions options, IReadOnlySet<string> clusters)
    {
        if (options.ClusterId.Length == 0 && options.Rpc.Length == 0)
        {
            yield break;
        }

        if (!clusters.Contains(options.ClusterId))
        {
            yield return $"{UserDetailsOptions.SectionName}:ClusterId is '{options.ClusterId}', which is no cluster; "
                + "name the cluster of the user service, or leave out the whole section.";
        }

        if (!UserInfoRpc.TryParse(options.Rpc, out _))
        {
            yield return $"{UserDetailsOptions.SectionName}:Rpc is '{options.Rpc}'; "
                + $"use 'package.UserService/{UserInfoRpc.Many}' or 'package.UserService/{UserInfoRpc.One}'.";
        }

        if (options.MaxAnswer is < 1 << 10 or > 1 << 30)
        {
            yield return $"{UserDetailsOptions.SectionName}:MaxAnswer is {options.MaxAnswer}; use {1 << 10} to {1 << 30} bytes.";
        }
    }
}
