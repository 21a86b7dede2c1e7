using System.Net;
using Gateway.Proxy.Operations;
using Gateway.Proxy.Operations.Admin;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Proxy.Operations;

/// <summary>The token opens the management port, and nothing that is only like it does.</summary>
[TestFixture]
internal sealed class ManagementTokenTests
{
    private const string Token = "A-token-of-some-length";

    [TestCase($"Bearer {Token}")]
    [TestCase($"bearer {Token}")]
    [TestCase($"Bearer  {Token} ")]
    public void Refuse_TheToken_LetsIn(string header) => Assert.That(IsRefused(Token, header), Is.False);

    [TestCase("Bearer A-token-of-some-lengt")]
    [TestCase("Bearer -token-of-some-length")]
    [TestCase("Bearer A")]
    [TestCase($"Bearer {Token}h")]
    [TestCase($"Bearer {Token} h")]
    [TestCase($"Bearer x{Token}")]
    [TestCase($"Bearer {Token}{Token}")]
    [TestCase($"Bearer {Token},Bearer {Token}")]
    [TestCase("Bearer a-token-of-some-length")]
    [TestCase("Bearer A-TOKEN-OF-SOME-LENGTH")]
    [TestCase("Bearer ")]
    [TestCase("Bearer")]
    [TestCase("Bearer   ")]
    [TestCase("")]
    [TestCase(null)]
    [TestCase(Token)]
    [TestCase($"Basic {Token}")]
    [TestCase($"Bearer{Token}")]
    public void Refuse_WhatIsOnlyLikeTheToken_Is401(string? header)
    {
        var context = Context(header);

        Assert.That(Refuse(Token, context), Is.EqualTo(StatusCodes.Status401Unauthorized));
        Assert.That(context.Response.Headers.WWWAuthenticate.ToString(), Is.EqualTo("Bearer"));
    }

    /// <summary>No token is set, so nothing that is sent is the right one: not even nothing.</summary>
    [TestCase("Bearer ")]
    [TestCase("Bearer")]
    [TestCase("")]
    [TestCase(null)]
    public void Refuse_WithoutAToken_ChangesNothing(string? header) =>
        Assert.That(Refuse("", Context(header), changesAnything: true), Is.EqualTo(StatusCodes.Status403Forbidden));

    /// <summary>The place of a client says nothing where there is a token.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public void Refuse_FromThisMachineWithoutTheToken_Is401(bool changesAnything) =>
        Assert.That(Refuse(Token, Context(header: null), changesAnything), Is.EqualTo(StatusCodes.Status401Unauthorized));

    private static bool IsRefused(string token, string? header) => Refuse(token, Context(header)) is not null;

    /// <summary>The status of the refusal, or null.</summary>
    private static int? Refuse(string token, HttpContext context, bool changesAnything = false)
    {
        var sut = new ManagementToken(Options.Create(new ManagementOptions { Token = token }));
        return sut.Refuse(context, changesAnything) is { } refusal ? ((IStatusCodeHttpResult)refusal).StatusCode : null;
    }

    private static DefaultHttpContext Context(string? header)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Loopback;
        context.Request.Host = new HostString("localhost");
        if (header is not null)
        {
            context.Request.Headers.Authorization = header;
        }

        return context;
    }
}
