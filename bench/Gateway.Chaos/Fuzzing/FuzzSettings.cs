using System.Globalization;

namespace Gateway.Chaos.Fuzzing;

/// <summary>What a fuzzing run is told on its command line.</summary>
internal sealed class FuzzSettings
{
    /// <summary><c>--seed N</c>: the same seed makes the same inputs. Any, unless it is given.</summary>
    public ulong Seed { get; private set; } = (ulong)Random.Shared.NextInt64(1_000_000_000);

    /// <summary><c>--save DIR</c>: where findings go.</summary>
    public string Folder { get; private set; } = "fuzz-findings";

    /// <summary><c>--inputs N</c>: how many for each target.</summary>
    public int Inputs { get; private set; } = 1_000_000;

    /// <summary><c>--only NAME</c>: one target alone; null for all.</summary>
    public string? Only { get; private set; }

    /// <summary>Null when an option is unknown, or its value makes no sense.</summary>
    public static FuzzSettings? Parse(string[] options)
    {
        var settings = new FuzzSettings();
        foreach (var option in options.Chunk(2))
        {
            switch (option)
            {
                case ["--seed", var text] when ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seed):
                    settings.Seed = seed;
                    break;
                case ["--save", { Length: > 0 } folder]:
                    settings.Folder = folder;
                    break;
                case ["--inputs", var text] when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var inputs) && inputs > 0:
                    settings.Inputs = inputs;
                    break;
                case ["--only", var name]:
                    settings.Only = name;
                    break;
                default:
                    return null;
            }
        }

        return settings;
    }
}
