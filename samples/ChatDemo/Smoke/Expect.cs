using System.Runtime.CompilerServices;

namespace ChatDemo.Smoke;

/// <summary>What was expected and what came instead.</summary>
internal sealed class ExpectationException(string expected, string actual)
    : Exception($"expected {expected}, got {actual}");

internal static class Expect
{
    public static void Equal<T>(T expected, T actual, [CallerArgumentExpression(nameof(actual))] string? what = null)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
        {
            throw new ExpectationException($"{what} = {Show(expected)}", Show(actual));
        }
    }

    /// <summary>The same items, in any order.</summary>
    public static void Same<T>(IEnumerable<T> expected, IEnumerable<T> actual, [CallerArgumentExpression(nameof(actual))] string? what = null) =>
        Equal(string.Join(", ", expected.Order()), string.Join(", ", actual.Order()), what);

    public static void True(bool condition, string expected, object? actual)
    {
        if (!condition)
        {
            throw new ExpectationException(expected, Show(actual));
        }
    }

    private static string Show(object? value) => value is null ? "nothing" : $"'{value}'";
}
