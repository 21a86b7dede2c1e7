using System.Globalization;

namespace Gateway.Bench.Scenarios;

/// <summary>Collects tables for people and <c>name=value</c> lines for programs.</summary>
internal sealed class Report(TextWriter output)
{
    private readonly List<string> _metrics = [];

    public void Title(string text) => output.WriteLine($"\n## {text}\n");

    public void Note(string text) => output.WriteLine(text);

    /// <summary>A table in Markdown, with columns as wide as they need to be.</summary>
    public void Table(string[] head, IEnumerable<string[]> rows)
    {
        var all = rows.Prepend(head).ToList();
        var widths = Enumerable.Range(0, head.Length).Select(column => all.Max(row => row[column].Length)).ToArray();
        string Line(string[] row) => "| " + string.Join(" | ", row.Select((cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))) + " |";
        output.WriteLine(Line(head));
        output.WriteLine("|" + string.Join('|', widths.Select((width, column) => column == 0 ? new string('-', width + 2) : new string('-', width + 1) + ":")) + "|");
        foreach (var row in all.Skip(1))
        {
            output.WriteLine(Line(row));
        }
    }

    public void Metric(string name, double value) => _metrics.Add($"{name}={value.ToString("0.###", CultureInfo.InvariantCulture)}");

    /// <summary>The last lines of all.</summary>
    public void PrintMetrics()
    {
        output.WriteLine();
        foreach (var metric in _metrics)
        {
            output.WriteLine(metric);
        }
    }

    public static string Number(double value, string format = "N0") => value.ToString(format, CultureInfo.InvariantCulture);
}
