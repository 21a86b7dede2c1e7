namespace Gateway.Chaos.Fuzzing;

/// <summary>An input was read in two ways that have to agree, and do not.</summary>
internal sealed class DisagreementException(string text) : Exception(text)
{
    public static void Unless(bool agrees, string text)
    {
        if (!agrees)
        {
            throw new DisagreementException(text);
        }
    }
}
