using Gateway.Tests.Support;

namespace Gateway.Tests.Functional.Hostile;

/// <summary>The paths of <see cref="PathTests"/>, which HTTP/2 carries in a field of their own.</summary>
[TestFixture]
internal sealed class Http2PathTests : Http2Test
{
    private static readonly string[] NoPath =
        ["", "service/user/get_user_info", "http://gateway/service/user/get_user_info", "*", "\\service", "/service/user/get_user_info\0", "/service/user/get_user_info%00", "/service/user/get_user_info\r\nx: y"];

    [TestCaseSource(typeof(PathTests), nameof(PathTests.SameRoute))]
    public async Task Path_AnotherSpellingOfARoute_IsThatRoute(string path)
    {
        Assert.That(await StatusOfAsync(path), Is.EqualTo(200));
        AssertAskedForAlice();
    }

    [TestCaseSource(typeof(PathTests), nameof(PathTests.NoRoute))]
    public async Task Path_SpellingOfNothing_Is404(string path)
    {
        Assert.That(await StatusOfAsync(path), Is.EqualTo(404));
        Assert.That(Calls, Is.Empty, "It reached the sub-service");
    }

    [TestCaseSource(nameof(NoPath))]
    public async Task Path_ThatIsNone_IsRefused(string path)
    {
        Assert.That(await StatusOfAsync(path), Is.EqualTo(400).Or.Null);
        Assert.That(Calls, Is.Empty, "It reached the sub-service");
    }

    /// <summary>Null when there is no response, but a reset.</summary>
    private async Task<int?> StatusOfAsync(string path)
    {
        await using var client = await AttackAsync();
        await client.SendAsync(RawHttp2.Request(1, path, Alice));
        while (await client.ReadAsync() is { } frame)
        {
            switch (frame.Type)
            {
                case Http2FrameType.Headers:
                    return frame.ReadStatus();
                case Http2FrameType.RstStream or Http2FrameType.GoAway:
                    return null;
            }
        }

        return null;
    }
}
