namespace Gateway.Transforms.Errors;

/// <summary>The header that carries the machine-readable code of a failure, beside errmsg for people.</summary>
public static class ErrorHeader
{
    /// <summary>The codes are listed in docs/wire-contract.md.</summary>
    public const string Name = "x-gateway-error";
}
