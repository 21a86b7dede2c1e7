using System.Diagnostics.CodeAnalysis;

namespace Gateway.Proxy.Discovery;

/// <summary>Who knows where instances are: one source for each kind of addresses. A source that no cluster uses does nothing.</summary>
internal interface IInstanceSource
{
    /// <summary>What operators call it: <c>etcd</c>, <c>Kubernetes</c> or <c>DNS</c>. In metrics in lower case.</summary>
    string Name { get; }

    /// <summary>There is something to follow, so it matters whether the source answers.</summary>
    bool IsUsed { get; }

    /// <summary>Why it cannot be asked, as the gateway is set up; null when it can.</summary>
    MissingSetting? Missing { get; }

    /// <summary>What it knows, and how well.</summary>
    ServiceRegistry Registry { get; }

    /// <summary>Services of which it cannot tell where they are. Empty for a source that is not asked for each service by itself.</summary>
    IReadOnlyList<ServiceTrouble> Troubles => [];

    /// <summary>True for an address that means this source, well formed or not.</summary>
    bool Owns(string? address);

    /// <summary>Finds the service that an address means.</summary>
    /// <param name="address">The address of a destination.</param>
    /// <param name="service">The service by the name that its instances have in <see cref="Registry"/>.</param>
    /// <param name="problem">What is wrong and how to write it, to follow "the address '...'".</param>
    bool TryParse(string address, [NotNullWhen(true)] out string? service, [NotNullWhen(false)] out string? problem);

    /// <summary>Begins to follow a service, unless it is followed. Does not wait.</summary>
    void Follow(string service);

    /// <summary>Completes once the source has said where a service is, or has not answered; at once for one that is not followed.</summary>
    Task FirstAnswer(string service);

    /// <summary>Ends to follow all other services.</summary>
    void Keep(IReadOnlySet<string> services);
}

/// <param name="Service">As the source calls it.</param>
/// <param name="IsLost">The source does not say anything of it; else it says something that cannot be used.</param>
/// <param name="Reason">Why, to follow a colon.</param>
internal sealed record ServiceTrouble(string Service, bool IsLost, string Reason);

/// <param name="Fact">What is missing, as "Gateway:Etcd:Endpoints is empty".</param>
/// <param name="Cure">What to do about it, as "set it to 'http://host:2379'".</param>
internal sealed record MissingSetting(string Fact, string Cure);
