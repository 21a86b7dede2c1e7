using Gateway.Notify;

namespace Gateway.Tests.Notify;

[TestFixture]
internal sealed class NotifyOptionsTests
{
    private static readonly object[] Invalid =
    [
        Case(o => o.AuthenticationTimeout = TimeSpan.Zero, "Gateway:Notify:AuthenticationTimeout is '00:00:00'; use '00:00:00.1000000' to '00:01:00'."),
        Case(o => o.MaxInboundMessage = 10, "Gateway:Notify:MaxInboundMessage is 10; use 1024 to 1048576."),
        Case(o => o.MaxInboundRate = 0, "Gateway:Notify:MaxInboundRate is 0; use 1 to 1000."),
        Case(o => o.MaxConnections = 0, "Gateway:Notify:MaxConnections is 0; use 1 to 1000000."),
        Case(o => o.MaxConnectionsPerAddress = 0, "Gateway:Notify:MaxConnectionsPerAddress is 0; use 1 to 1000000."),
        Case(o => o.MaxConnectionsPerUser = 0, "Gateway:Notify:MaxConnectionsPerUser is 0; use 1 to 10000."),
        Case(o => o.MaxDevices = 0, "Gateway:Notify:MaxDevices is 0; use 1 to 1000."),
        Case(o => o.MaxQueuedEvents = 0, "Gateway:Notify:MaxQueuedEvents is 0; use 1 to 100000."),
        Case(o => o.MaxQueuedBytes = 1, "Gateway:Notify:MaxQueuedBytes is 1; use 65536 to 1073741824."),
        Case(o => o.WriteTimeout = TimeSpan.Zero, "Gateway:Notify:WriteTimeout is '00:00:00'; use '00:00:00.1000000' to '00:05:00'."),
        Case(o => o.PingInterval = TimeSpan.Zero, "Gateway:Notify:PingInterval is '00:00:00'; use '00:00:01' to '00:10:00'."),
        Case(o => o.PingTimeout = TimeSpan.Zero, "Gateway:Notify:PingTimeout is '00:00:00'; use '00:00:01' to '00:10:00'."),
        Case(o => o.SessionCheckInterval = TimeSpan.Zero, "Gateway:Notify:SessionCheckInterval is '00:00:00'; use '00:00:01' to '01:00:00'."),
        Case(o => o.CloseTimeout = TimeSpan.Zero, "Gateway:Notify:CloseTimeout is '00:00:00'; use '00:00:00.1000000' to '00:01:00'."),
        Case(o => o.Buckets = 0, "Gateway:Notify:Buckets is 0; use 1 to 1024."),
        Case(
            o => (o.ReplayAge, o.HeartbeatInterval) = (TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2)),
            "Gateway:Notify:ReplayAge is '00:01:00', less than HeartbeatInterval, '00:02:00'; keep events for longer, or a client that learns at a heartbeat what it has missed could not have it."),
        Case(o => o.DrainBatch = 0, "Gateway:Notify:DrainBatch is 0; use 1 to 100000."),
        Case(o => o.DrainPause = TimeSpan.FromMinutes(1), "Gateway:Notify:DrainPause is '00:01:00'; use '00:00:00' to '00:00:10'."),
        Case(o => o.RebalanceRate = -1, "Gateway:Notify:RebalanceRate is -1; use 0 to 1000."),
        Case(o => o.RebalanceTolerance = 1, "Gateway:Notify:RebalanceTolerance is 1; use 2 to 100."),
        Case(o => o.RebalanceMinimum = 0, "Gateway:Notify:RebalanceMinimum is 0; use 1 to 1000000."),
        Case(o => o.RebalanceMinimumAge = TimeSpan.FromDays(2), "Gateway:Notify:RebalanceMinimumAge is '2.00:00:00'; use '00:00:00' to '1.00:00:00'."),
        Case(o => o.AllowedOrigins.Add("chat.example"), "Gateway:Notify:AllowedOrigins has 'chat.example'; use scheme and host alone, as in 'https://chat.example.com' or 'capacitor://localhost', or 'null'."),
    ];

    [Test]
    public void Validate_Defaults_AreValid() => Assert.That(new NotifyOptionsValidator().Validate(null, new NotifyOptions()).Succeeded);

    [TestCaseSource(nameof(Invalid))]
    public void Validate_OutOfRange_NamesSettingValueAndCure(Action<NotifyOptions> change, string sentence)
    {
        var options = new NotifyOptions();
        change(options);
        Assert.That(new NotifyOptionsValidator().Validate(null, options).Failures, Is.EqualTo(new[] { sentence }));
    }

    [Test]
    public void Validate_AnyOriginBesideAnother_IsRefused()
    {
        var options = new NotifyOptions { AllowedOrigins = { "*", "https://chat.example" } };
        Assert.That(new NotifyOptionsValidator().Validate(null, options).Failures, Is.EqualTo(new[]
        {
            "Gateway:Notify:AllowedOrigins has '*' beside other origins; keep the one or the others.",
        }));
    }

    private static TestCaseData Case(Action<NotifyOptions> change, string sentence) => new TestCaseData(change, sentence).SetArgDisplayNames(sentence);
}
