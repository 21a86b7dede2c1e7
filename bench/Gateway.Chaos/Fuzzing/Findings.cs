namespace Gateway.Chaos.Fuzzing;

/// <summary>Prints the inputs that went wrong, and saves them: as they are they can be put into the corpus.</summary>
internal sealed class Findings(string folder)
{
    /// <summary>As many are told of each kind and target; more of them would say the same.</summary>
    private const int MostTold = 20;

    private const int MostPrinted = 4096;

    private readonly Dictionary<(string, Verdict), int> _told = [];

    public void Tell(string target, int number, byte[] input, Verdict verdict, string reason)
    {
        lock (_told)
        {
            var told = _told[(target, verdict)] = _told.GetValueOrDefault((target, verdict)) + 1;
            if (told > MostTold)
            {
                return;
            }

            Directory.CreateDirectory(folder);
            var path = Path.Combine(folder, $"{target}-{verdict}-{number}".ToLowerInvariant());
            File.WriteAllBytes(path, input);
            Console.WriteLine($"{verdict} of {target}, input {number}, {input.Length} bytes, saved as {path}: {reason}");
            Console.WriteLine($"  base64: {Convert.ToBase64String(input.AsSpan(0, Math.Min(input.Length, MostPrinted)))}");
        }
    }
}
