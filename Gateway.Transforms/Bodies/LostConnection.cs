using Microsoft.AspNetCore.Http;

namespace Gateway.Transforms.Bodies;

/// <summary>
/// A connection of HTTP/1 that has ended within a request's body. The server hears of it a moment later than whoever reads the body; until then it takes the
/// rest of the body for something to be drained, and logs an error because the read that failed is still open.
/// </summary>
internal static class LostConnection
{
    /// <summary>Tells the server now. Not for a client that has only ended its side: it may still read an answer.</summary>
    public static void LetGo(HttpContext context)
    {
        if (HttpProtocol.IsHttp11(context.Request.Protocol) || HttpProtocol.IsHttp10(context.Request.Protocol))
        {
            context.Abort();
        }
    }

    /// <summary>Whether that is why a body could not be read to its end.</summary>
    /// <param name="failure">What came of reading it, alone or with what came of that.</param>
    public static bool IsCause(Exception? failure) => failure is AggregateException all
        ? all.InnerExceptions.Any(IsCause) && !all.InnerExceptions.Any(inner => inner is BadHttpRequestException)
        : failure is IOException and not BadHttpRequestException;
}
