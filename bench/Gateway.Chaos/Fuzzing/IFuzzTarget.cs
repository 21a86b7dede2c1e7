namespace Gateway.Chaos.Fuzzing;

/// <summary>A part of the gateway that reads what others wrote. Used by several threads at once.</summary>
internal interface IFuzzTarget
{
    /// <summary>Also the folder of its corpus.</summary>
    string Name { get; }

    /// <summary>What its format is made of, beyond bytes: mutations put these in. Empty for binary formats.</summary>
    IReadOnlyList<byte[]> Words { get; }

    /// <summary>
    /// Reads an input; false when it is refused in the way that is meant for it. Every other exception than
    /// <see cref="DisagreementException"/> is a crash.
    /// </summary>
    /// <param name="input">What others wrote.</param>
    /// <param name="dice">Decides where the input is divided, and depends on nothing but the input.</param>
    /// <exception cref="DisagreementException">Two ways to read the input, which have to agree, do not.</exception>
    bool Accepts(byte[] input, Dice dice);
}
