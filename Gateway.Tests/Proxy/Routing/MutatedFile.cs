using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Proxy.Routing;

/// <summary>Routes files as accidents and bad tools leave them: one to three random changes of a good one. The same seed, the same file.</summary>
internal sealed class MutatedFile(string good, int seed)
{
    private const string Tokens = "{}[]:,\"";

    private static readonly string[] Values =
    [
        "null", "true", "-1", "0", "1e400", "99999999999999999999999", "0.1", "\"\"", "\" \"", "\"00:00:01\"", "\"-00:00:01\"", "\"http://\"", "\"etcd:///\"",
        "\"/{a}/{a}\"", "\"{**\"", "\"\\u0000\"", "\"\\ud800\"", "[]", "{}", "[[]]", "{ \"\": {} }", "[ null ]",
    ];

    private readonly Random _random = new(seed);

    public byte[] Next()
    {
        var bytes = Encoding.UTF8.GetBytes(good);
        for (var changes = _random.Next(1, 4); changes > 0; changes--)
        {
            bytes = _random.Next(10) switch
            {
                0 or 1 => ChangeByte(bytes),
                2 or 3 => RemoveToken(bytes),
                4 => bytes[.._random.Next(bytes.Length)],
                5 => Duplicate(bytes),
                6 => Nest(bytes),
                _ => ChangeValue(bytes),
            };
            if (bytes.Length == 0)
            {
                break;
            }
        }

        return bytes;
    }

    private byte[] ChangeByte(byte[] bytes)
    {
        bytes[_random.Next(bytes.Length)] = (byte)_random.Next(256);
        return bytes;
    }

    private byte[] RemoveToken(byte[] bytes)
    {
        int[] places = [.. Enumerable.Range(0, bytes.Length).Where(i => Tokens.Contains((char)bytes[i], StringComparison.Ordinal))];
        return places.Length == 0 ? bytes : [.. bytes.Where((_, i) => i != places[_random.Next(places.Length)])];
    }

    /// <summary>Writes a part of the file twice: keys and ids that there are already.</summary>
    private byte[] Duplicate(byte[] bytes)
    {
        var lines = Encoding.UTF8.GetString(bytes).Split('\n').ToList();
        var from = _random.Next(lines.Count);
        lines.InsertRange(_random.Next(lines.Count), lines.GetRange(from, Math.Min(_random.Next(1, 6), lines.Count - from)));
        return Encoding.UTF8.GetBytes(string.Join('\n', lines));
    }

    /// <summary>Puts brackets into brackets, from a few to more than any reader follows.</summary>
    private byte[] Nest(byte[] bytes)
    {
        var depth = 1 << _random.Next(1, 15);
        var at = _random.Next(bytes.Length);
        var (open, close) = _random.Next(2) == 0 ? ("[", "]") : ("{\"a\":", "}");
        return [.. bytes[..at], .. Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(open, depth)) + "1" + string.Concat(Enumerable.Repeat(close, depth))), .. bytes[at..]];
    }

    /// <summary>A file that is still JSON, with a value replaced, taken out, renamed, or swapped with another.</summary>
    private byte[] ChangeValue(byte[] bytes)
    {
        try
        {
            return ChangeValue(bytes, JsonNode.Parse(bytes));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            // An earlier change has left no JSON, text that is none, or a key twice.
            return bytes;
        }
    }

    private byte[] ChangeValue(byte[] bytes, JsonNode? root)
    {
        JsonObject[] objects = [.. Objects(root)];
        if (objects.Length == 0)
        {
            return bytes;
        }

        var one = Pick(objects);
        var (key, value) = Pick([.. one]);
        var (otherKey, otherValue) = Pick([.. Pick(objects)]);
        switch (_random.Next(4))
        {
            case 0:
                one.Remove(key);
                break;
            case 1:
                one.Remove(key);
                one[_random.Next(2) == 0 ? key + "x" : otherKey] = value;
                break;
            case 2:
                one[key] = otherValue?.DeepClone();
                break;
            default:
                // As text, because a node cannot hold every number.
                one[key] = "@@";
                return Encoding.UTF8.GetBytes(root!.ToJsonString().Replace("\"@@\"", Pick(Values), StringComparison.Ordinal));
        }

        return Encoding.UTF8.GetBytes(root!.ToJsonString());
    }

    private T Pick<T>(T[] items) => items[_random.Next(items.Length)];

    private static IEnumerable<JsonObject> Objects(JsonNode? node) => node switch
    {
        JsonObject { Count: > 0 } inner => inner.SelectMany(pair => Objects(pair.Value)).Append(inner),
        JsonArray list => list.SelectMany(Objects),
        _ => [],
    };
}
