using System.Buffers;
using Gateway.Transforms.Wire;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Transforms.Routes;

/// <summary>Says by which fields of its request a route is limited.</summary>
public interface ICountedFields
{
    /// <summary>The limits of a route that count by a field: their names, and the path of the field.</summary>
    IEnumerable<(string Limit, string Field)> Of(RouteConfig route);
}

/// <summary>The fields of a request that its route is limited by.</summary>
/// <param name="query">Finds all of them.</param>
/// <param name="slots">Where each is found, by its path in configuration.</param>
internal sealed class CountedFields(MessageQuery query, IReadOnlyDictionary<string, int> slots)
{
    /// <summary>The value of a field; empty where there is none, or none that can be read: then the sub-service cannot read it either.</summary>
    public ReadOnlySequence<byte> Read(in ReadOnlySequence<byte> message, string field)
    {
        try
        {
            var values = query.Find(message);
            var slot = slots[field];
            return values.Count(slot) > 0 ? values.Value(slot, 0) : ReadOnlySequence<byte>.Empty;
        }
        catch (MalformedFieldException)
        {
            return ReadOnlySequence<byte>.Empty;
        }
    }
}
