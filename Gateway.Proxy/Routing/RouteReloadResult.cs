namespace Gateway.Proxy.Routing;

/// <summary>How a change of the routes ended. The names, in lower case, are those of the metric.</summary>
internal enum RouteReloadResult
{
    /// <summary>The new routes are in use.</summary>
    Applied,

    /// <summary>There is a mistake; the old routes stay in use.</summary>
    Refused,

    /// <summary>The files were read again, and say the same.</summary>
    Unchanged,
}
