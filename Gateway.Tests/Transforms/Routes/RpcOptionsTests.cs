using Gateway.Transforms.Routes;

namespace Gateway.Tests.Transforms.Routes;

[TestFixture]
internal sealed class RpcOptionsTests
{
    private const int Gibibyte = 1 << 30;

    [Test]
    public void Defaults_AreValid()
    {
        var sut = new RpcOptions();

        Assert.That(Errors(sut), Is.Empty);
        Assert.That(
            (sut.DefaultTimeout, sut.DefaultMaxRequestBodySize, sut.MaxBufferedAnswer, sut.MaxDiscardedRequest, sut.MaxDiscardTime),
            Is.EqualTo((TimeSpan.FromSeconds(10), 4L << 20, 72 << 20, 64L << 20, TimeSpan.FromMinutes(1))));
    }

    [Test]
    public void Settings_AtTheLowerBounds_AreValid() => Assert.That(
        Errors(new RpcOptions { DefaultTimeout = TimeSpan.FromMilliseconds(10), DefaultMaxRequestBodySize = 1024, MaxBufferedAnswer = 65536, MaxDiscardedRequest = 0, MaxDiscardTime = TimeSpan.Zero }),
        Is.Empty);

    [Test]
    public void Settings_AtTheUpperBounds_AreValid() => Assert.That(
        Errors(new RpcOptions
        {
            DefaultTimeout = TimeSpan.FromHours(1), DefaultMaxRequestBodySize = Gibibyte, MaxBufferedAnswer = Gibibyte, MaxDiscardedRequest = Gibibyte,
            MaxDiscardTime = TimeSpan.FromMinutes(10),
        }),
        Is.Empty);

    [Test]
    public void Settings_BelowTheBounds_AreAllRefused() => Assert.That(
        Errors(new RpcOptions
        {
            DefaultTimeout = TimeSpan.FromMilliseconds(9), DefaultMaxRequestBodySize = 1023, MaxBufferedAnswer = 1023, MaxDiscardedRequest = -1,
            MaxDiscardTime = TimeSpan.FromTicks(-1),
        }),
        Is.EqualTo(new[]
        {
            "Gateway:Rpc:DefaultTimeout is '00:00:00.0090000'; use '00:00:00.0100000' to '01:00:00'.",
            "Gateway:Rpc:MaxDiscardTime is '-00:00:00.0000001'; use '00:00:00' to '00:10:00'.",
            "Gateway:Rpc:DefaultMaxRequestBodySize is 1023; use 1024 to 1073741824 bytes.",
            "Gateway:Rpc:MaxBufferedAnswer is 1023; use 65536 to 1073741824 bytes.",
            "Gateway:Rpc:MaxDiscardedRequest is -1; use 0 to 1073741824 bytes.",
        }));

    [Test]
    public void Settings_AboveTheBounds_AreAllRefused() => Assert.That(
        Errors(new RpcOptions
        {
            DefaultTimeout = TimeSpan.FromDays(10), DefaultMaxRequestBodySize = Gibibyte + 1L, MaxBufferedAnswer = Gibibyte + 1, MaxDiscardedRequest = Gibibyte + 1L,
            MaxDiscardTime = TimeSpan.FromMinutes(11),
        }),
        Is.EqualTo(new[]
        {
            "Gateway:Rpc:DefaultTimeout is '10.00:00:00'; use '00:00:00.0100000' to '01:00:00'.",
            "Gateway:Rpc:MaxDiscardTime is '00:11:00'; use '00:00:00' to '00:10:00'.",
            "Gateway:Rpc:DefaultMaxRequestBodySize is 1073741825; use 1024 to 1073741824 bytes.",
            "Gateway:Rpc:MaxBufferedAnswer is 1073741825; use 65536 to 1073741824 bytes.",
            "Gateway:Rpc:MaxDiscardedRequest is 1073741825; use 0 to 1073741824 bytes.",
        }));

    [Test]
    public void Headers_ThatMayBeOthers_AreRefused() => Assert.That(
        Errors(new RpcOptions { UserIdHeader = "authorization", TraceIdHeader = "x trace" }).Concat(Errors(new RpcOptions { UserIdHeader = "x-id", TraceIdHeader = "X-Id" })).Concat(Errors(new RpcOptions { UserIdHeader = "X-Forwarded-For" })),
        Is.EqualTo(new[]
        {
            "Gateway:Rpc:UserIdHeader is 'authorization'; use a name that begins with 'x-', as 'x-user-id', or leave it empty.",
            "Gateway:Rpc:TraceIdHeader is 'x trace'; use a name that begins with 'x-', as 'x-user-id', or leave it empty.",
            "Gateway:Rpc:UserIdHeader and TraceIdHeader are both 'x-id'; use two names.",
            "Gateway:Rpc:UserIdHeader is 'X-Forwarded-For'; use a name that begins with 'x-', as 'x-user-id', or leave it empty.",
        }));

    private static IEnumerable<string> Errors(RpcOptions options) => new RpcOptionsValidator().Validate(null, options).Failures ?? [];
}
