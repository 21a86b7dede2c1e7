using System.Globalization;
using System.Text.RegularExpressions;
using Gateway.Transforms.Schema;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Gateway.Transforms.Events;

/// <summary>
/// Reads conditions: <c>request.agree and not (answer.code == 3 or size(request.member_id_list) &lt; 2)</c>. A value by itself holds when it is
/// there and not empty, 0 or false; <c>has(...)</c> holds when it is on the wire at all. Constants are numbers, <c>true</c>, <c>false</c>, texts
/// in single quotes and, beside an enum, its names.
/// </summary>
internal sealed partial class ConditionParser
{
    /// <summary>Nobody writes more by hand, and each level takes its part of the stack.</summary>
    private const int MaxDepth = 100;

    private readonly RuleScope _scope;
    private readonly List<string> _tokens;
    private int _next;
    private int _depth;

    private ConditionParser(RuleScope scope, List<string> tokens) => (_scope, _tokens) = (scope, tokens);

    private string Next => _next < _tokens.Count ? _tokens[_next] : "";

    /// <summary>Null, and what is wrong, when the text is no condition.</summary>
    public static Condition? Parse(string text, RuleScope scope, out string? problem)
    {
        var tokens = Token().Matches(text).Select(match => match.Value).ToList();
        if (Token().Replace(text, match => "").Trim() is { Length: > 0 } rest)
        {
            problem = $"'{rest[0]}' is no name, number, text in single quotes or operator"
                + rest[0] switch { '=' => "; write '=='", '&' => "; write 'and'", '|' => "; write 'or'", '!' => "; write 'not'", '"' => "; write texts in single quotes", _ => "" };
            return null;
        }

        try
        {
            var parser = new ConditionParser(scope, tokens);
            var condition = parser.Any();
            problem = parser.Next.Length == 0 ? null : $"'{parser.Next}' stands where 'and', 'or' or the end should be";
            return problem is null ? condition : null;
        }
        catch (FormatException exception)
        {
            problem = exception.Message;
            return null;
        }
    }

    private Condition Any()
    {
        List<Condition> conditions = [All()];
        while (Take("or"))
        {
            conditions.Add(All());
        }

        return conditions.Count == 1 ? conditions[0] : new AnyOf(conditions);
    }

    private Condition All()
    {
        List<Condition> conditions = [One()];
        while (Take("and"))
        {
            conditions.Add(One());
        }

        return conditions.Count == 1 ? conditions[0] : new AllOf(conditions);
    }

    private Condition One()
    {
        if (++_depth > MaxDepth)
        {
            throw new FormatException($"more than {MaxDepth} 'not' and '(' stand within each other; take some out");
        }

        var one = Innermost();
        _depth--;
        return one;
    }

    private Condition Innermost()
    {
        if (Take("not"))
        {
            return new Not(One());
        }

        if (Take("("))
        {
            var inner = Any();
            Expect(")");
            return inner;
        }

        if (Take("has("))
        {
            var value = Value();
            Expect(")");
            return new IsPresent(value);
        }

        var left = Side();
        if (Next is not ("==" or "!=" or "<" or "<=" or ">" or ">="))
        {
            return left is { Value: { } value, IsSize: false } ? new IsSet(value)
                : throw new FormatException("a constant or a size by itself says nothing; compare it with something");
        }

        var comparison = _tokens[_next++];
        return Compare(left, comparison, Side());
    }

    private static Comparison Compare(Operand left, string comparison, Operand right)
    {
        left = Named(left, right);
        right = Named(right, left);
        foreach (var side in new[] { left, right })
        {
            if (side is { Value: { } value, IsSize: false } && (value.IsList || value.Kind.FieldType == FieldType.Message))
            {
                throw new FormatException($"{FieldPath.Describe(value.Kind)} cannot be compared; use size(...) or has(...)");
            }

            if (side.Value is null && side.ConstantText is { } name && double.IsNaN(side.ConstantNumber))
            {
                throw new FormatException($"'{name.ToStringUtf8()}' names nothing; write a text in single quotes, or 'request.field'");
            }
        }

        var isText = left.Holds(Operand.Kinds.Text);
        if (isText != right.Holds(Operand.Kinds.Text))
        {
            throw new FormatException("a text is compared with a number");
        }

        return isText && comparison is not ("==" or "!=") ? throw new FormatException($"texts are equal or not; '{comparison}' is for numbers") : new Comparison(left, comparison, right);
    }

    /// <summary>A bare name beside an enum is one of its values.</summary>
    private static Operand Named(Operand side, Operand other)
    {
        if (side.Value is not null || side.ConstantText is not { } name || !double.IsNaN(side.ConstantNumber) || other.Value?.Kind is not { FieldType: FieldType.Enum } field)
        {
            return side;
        }

        return field.EnumType.FindValueByName(name.ToStringUtf8()) is { } value
            ? new Operand(null, false, value.Number)
            : throw new FormatException($"{field.EnumType.Name} has no value '{name.ToStringUtf8()}'; it has {string.Join(", ", field.EnumType.Values.Select(known => known.Name))}");
    }

    private Operand Side()
    {
        var token = Next;
        if (token.Length == 0)
        {
            throw new FormatException("it ends where a value should stand");
        }

        if (Take("size("))
        {
            var value = Value();
            Expect(")");
            return new Operand(value, IsSize: true);
        }

        if (token[0] == '\'')
        {
            _next++;
            return new Operand(null, false, ConstantText: ByteString.CopyFromUtf8(token[1..^1]));
        }

        if (token is "true" or "false" || char.IsAsciiDigit(token[0]) || token[0] == '-')
        {
            _next++;
            return new Operand(null, false, token == "true" ? 1 : token == "false" ? 0
                : double.TryParse(token, CultureInfo.InvariantCulture, out var number) ? number
                : throw new FormatException($"'{token}' is no number"));
        }

        if (!token.Contains('.', StringComparison.Ordinal) && token != "caller" && !token.StartsWith("user(", StringComparison.Ordinal) && Name().IsMatch(token))
        {
            _next++;
            // The name of an enum's value, if it stands beside an enum.
            return new Operand(null, false, double.NaN, ByteString.CopyFromUtf8(token));
        }

        return new Operand(Value(), IsSize: false);
    }

    private Reference Value()
    {
        var token = Next;
        _next++;
        return _scope.Find(token, out var problem) ?? throw new FormatException(problem);
    }

    private bool Take(string token)
    {
        if (Next != token)
        {
            return false;
        }

        _next++;
        return true;
    }

    private void Expect(string token)
    {
        if (!Take(token))
        {
            throw new FormatException($"'{token}' is missing");
        }
    }

    [GeneratedRegex(@"'[^']*'|==|!=|<=|>=|<|>|size\(|has\(|user\([^()]*\)[\w.]*|-?\d[\d.]*|[A-Za-z_][\w.]*|[()]")]
    private static partial Regex Token();

    [GeneratedRegex(@"^[A-Za-z_]\w*$")]
    private static partial Regex Name();
}
