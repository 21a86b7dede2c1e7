namespace Gateway.Transforms.Errors;

/// <summary>Everything that follows from an outcome, in one row.</summary>
/// <param name="Code">Stable and machine-readable: the header <c>x-gateway-error</c>, the metric tag, the log.</param>
/// <param name="HttpStatus">The status in <see cref="StatusMode.Http"/>.</param>
/// <param name="English">The sentence for the user.</param>
/// <param name="Chinese">The same in simplified Chinese.</param>
internal sealed record OutcomeText(string Code, int HttpStatus, string English, string Chinese);
