namespace Gateway.Proxy.Discovery;

/// <summary>
/// What is known of one service. Written by whoever follows the service, read by anybody. What goes wrong again and again is told once a minute.
/// </summary>
internal sealed partial class FollowedService(
    string name, string source, RegistryStatus initial, TimeSpan emptyGrace, MonotonicClock clock, TimeProvider time, ILogger logger, Action changed)
{
    /// <summary>What comes and goes each second is worth a line a minute.</summary>
    private static readonly TimeSpan QuietTime = TimeSpan.FromMinutes(1);

    /// <summary>So many failures in a row are more than a bad moment.</summary>
    private const int ManyFailures = 3;

    private readonly EmptinessGuard _guard = new(emptyGrace, clock);
    private volatile IReadOnlyList<ServiceInstance> _instances = [];
    private volatile RegistryStatus _status = initial;
    private volatile string? _problem;
    private volatile string? _loss;

    /// <summary>Whether the log says that the source tells of changes; null before it says anything.</summary>
    private bool? _toldContact;

    private TimeSpan? _toldLossAt;
    private TimeSpan? _toldEmptiedAt;
    private (string Problem, TimeSpan At)? _toldProblem;
    private volatile bool _hasAnswered;
    private volatile int _failures;

    public string Name => name;

    /// <summary>What the proxy should work with.</summary>
    public IReadOnlyList<ServiceInstance> Instances => _instances;

    public RegistryStatus Status => _status;

    /// <summary>Why it is not known where the service is, or nothing new is heard; null when all is well.</summary>
    public ServiceTrouble? Trouble =>
        _loss is { } loss ? new ServiceTrouble(name, IsLost: true, loss)
        : _problem is { } problem ? new ServiceTrouble(name, IsLost: false, problem)
        : null;

    /// <summary>The first question was answered, or has failed.</summary>
    public bool HasAnswered => _hasAnswered;

    /// <summary>Nothing has ever been read, and not for want of trying.</summary>
    public bool IsGivenUp => !_status.Synced && _failures >= ManyFailures;

    /// <summary>When the source should be asked again, because instances that it does not name any more have stayed long enough; null when there are none.</summary>
    public TimeSpan? NextHoldDeadline => _guard.Deadline;

    /// <summary>Takes over what the source says now.</summary>
    /// <param name="named">All instances.</param>
    /// <param name="problem">Why there are none, where something is wrong; null when nothing is known against it.</param>
    public void Take(IReadOnlyList<ServiceInstance> named, string? problem = null)
    {
        var kept = _guard.Kept.Count;
        if (_guard.Take(named))
        {
            if (IsDue(_toldEmptiedAt))
            {
                _toldEmptiedAt = clock.Now;
                Log.Emptied(logger, source, name, _guard.Kept.Count, emptyGrace.TotalSeconds);
            }
        }
        else if (kept > 0 && named.Count == 0 && _guard.Kept.Count == 0)
        {
            Log.HoldEnded(logger, kept, name, emptyGrace.TotalSeconds, source);
        }

        _instances = named.Count > 0 ? named : _guard.Kept;
        if (problem is not null && problem != _problem && (problem != _toldProblem?.Problem || IsDue(_toldProblem?.At)))
        {
            _toldProblem = (problem, clock.Now);
            Log.Unusable(logger, source, name, problem);
        }

        _problem = problem;
        _status = _status with { Synced = true, LastContact = time.GetUtcNow(), HeldInstances = _guard.Kept.Count };
        _hasAnswered = true;
        changed();
    }

    /// <summary>The source can be relied on to tell of changes.</summary>
    public void NoteContact()
    {
        _status = _status with { Connected = true, LastContact = time.GetUtcNow() };
        _loss = null;
        _failures = 0;
        if (_toldContact != true)
        {
            _toldContact = true;
            Log.InContact(logger, source, name, _instances.Count);
        }

        changed();
    }

    public void NoteLoss(string reason, Exception? exception)
    {
        _status = _status with { Connected = false };
        _loss = reason;
        _failures++;
        if (_toldContact != false && IsDue(_toldLossAt))
        {
            _toldContact = false;
            _toldLossAt = clock.Now;
            Log.ContactLost(logger, exception, source, name, reason, _instances.Count);
        }

        _hasAnswered = true;
        changed();
    }

    private bool IsDue(TimeSpan? toldAt) => toldAt is not { } told || clock.Now - told >= QuietTime;

    private static partial class Log
    {
        [LoggerMessage(1140, LogLevel.Information, "{Source} says where '{Service}' is: {Instances} instances.", EventName = "ServiceFound")]
        public static partial void InContact(ILogger logger, string source, string service, int instances);

        [LoggerMessage(1141, LogLevel.Warning, "{Source} does not say where '{Service}' is: {Reason}. The {Instances} instances known so far stay in use; attempts go on quietly.", EventName = "ServiceLost")]
        public static partial void ContactLost(ILogger logger, Exception? exception, string source, string service, string reason, int instances);

        [LoggerMessage(1142, LogLevel.Warning, "{Source} names no instance of '{Service}' any more. {Count} instances that vanished stay in use for {Grace} s unless others come.", EventName = "ServiceEmptied")]
        public static partial void Emptied(ILogger logger, string source, string service, int count, double grace);

        [LoggerMessage(1143, LogLevel.Warning, "{Count} instances of '{Service}' are no longer used: for {Grace} s {Source} has named none.", EventName = "ServiceHoldEnded")]
        public static partial void HoldEnded(ILogger logger, int count, string service, double grace, string source);

        [LoggerMessage(1144, LogLevel.Warning, "Instances of '{Service}' in {Source} cannot be used: {Problem}.", EventName = "ServiceUnusable")]
        public static partial void Unusable(ILogger logger, string source, string service, string problem);
    }
}
