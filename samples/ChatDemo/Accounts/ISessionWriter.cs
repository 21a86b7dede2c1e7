namespace ChatDemo.Accounts;

/// <summary>Where a login is recorded for the gateway to find it.</summary>
internal interface ISessionWriter
{
    static TimeSpan Lifetime => TimeSpan.FromDays(7);

    Task WriteAsync(string sessionId, string userId);
}
