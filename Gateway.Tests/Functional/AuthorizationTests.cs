using Gateway.Tests.Support;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Functional;

/// <summary>The <c>AuthorizationPolicy</c> of a route, for which a host brings the policy.</summary>
[TestFixture]
internal sealed class AuthorizationTests : GatewayTest
{
    [Test]
    public async Task RouteWithAPolicy_IsRefusedByIt_OthersDoNotPassTheStep()
    {
        await using var gateway = await GatewayFixture.StartAsync(
            Service.Address,
            new() { ["ReverseProxy:Routes:user-get-user-info:AuthorizationPolicy"] = "nobody" },
            builder =>
            {
                builder.Services.AddAuthorization(options => options.AddPolicy("nobody", policy => policy.RequireAssertion(_ => false)));
                builder.Services.AddSingleton<IAuthorizationPolicyProvider, CountingPolicies>();
                builder.Services.AddSingleton<IAuthorizationMiddlewareResultHandler, Refusal>();
            });
        var policies = (CountingPolicies)gateway.Services.GetRequiredService<IAuthorizationPolicyProvider>();

        using var refused = await gateway.PostAsync(GetUserInfoPath, []);
        using var passed = await gateway.PostAsync(AnonymousPath, []);

        Assert.That((int)refused.StatusCode, Is.EqualTo(StatusCodes.Status403Forbidden));
        Assert.That((int)passed.StatusCode, Is.EqualTo(StatusCodes.Status200OK));
        Assert.That(policies.AskedForFallback, Is.Zero, "The step looks for a fallback where a route has no policy");
    }

    private sealed class CountingPolicies(IOptions<AuthorizationOptions> options) : IAuthorizationPolicyProvider
    {
        private readonly DefaultAuthorizationPolicyProvider _policies = new(options);

        public int AskedForFallback { get; private set; }

        public Task<AuthorizationPolicy> GetDefaultPolicyAsync() => _policies.GetDefaultPolicyAsync();

        public Task<AuthorizationPolicy?> GetPolicyAsync(string policyName) => _policies.GetPolicyAsync(policyName);

        public Task<AuthorizationPolicy?> GetFallbackPolicyAsync()
        {
            AskedForFallback++;
            return _policies.GetFallbackPolicyAsync();
        }
    }

    private sealed class Refusal : IAuthorizationMiddlewareResultHandler
    {
        public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
        {
            if (authorizeResult.Succeeded)
            {
                return next(context);
            }

            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        }
    }
}
