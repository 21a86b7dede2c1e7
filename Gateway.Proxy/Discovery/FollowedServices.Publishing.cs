namespace Gateway.Proxy.Discovery;

/// <content>What is known of all services, told together.</content>
internal abstract partial class FollowedServices
{
    /// <summary>Whoever is told of new instances may ask for more of them.</summary>
    private readonly Lock _publishLock = new();
    private readonly ITimer _publishing;
    private bool _isPublishDue;

    /// <summary>Takes note of news. Changes of instances are gathered for a moment, counted from the first, so that constant change cannot put them off for ever.</summary>
    private void Changed()
    {
        lock (_lock)
        {
            Registry.Report(Sum());
            if (!_isPublishDue && !_stopping.IsCancellationRequested)
            {
                _isPublishDue = true;
                _publishing.Change(_times.Debounce, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void Publish()
    {
        lock (_publishLock)
        {
            ServiceInstance[] instances;
            Following[] answered;
            Following[] read;
            lock (_lock)
            {
                _isPublishDue = false;
                // Who has answered by now has said so of what is published.
                answered = [.. _followed.Values.Where(following => following.Service.HasAnswered)];
                read = [.. _followed.Values.Where(following => following.Service.Status.Synced)];
                instances = [.. _followed.Values.SelectMany(following => following.Service.Instances)];
            }

            Registry.Publish(instances);
            foreach (var following in answered)
            {
                following.Answered.TrySetResult();
            }

            lock (_lock)
            {
                foreach (var following in read)
                {
                    following.IsInUse = true;
                }

                Registry.Report(Sum());
            }
        }
    }

    /// <summary>
    /// As well as the one that is followed worst. One that was never heard of is not hidden by others that were; but a gateway that has just started serves
    /// those that can be read, rather than waiting for one that cannot.
    /// </summary>
    private RegistryStatus Sum()
    {
        var all = _followed.Values.Select(following => following.Service.Status).ToArray();
        var isAnyRead = _followed.Values.Any(IsRead);
        return new RegistryStatus(
            Connected: _followed.Values.All(following => following.IsInUse && following.Service.Status.Connected),
            Synced: _followed.Values.All(following => IsRead(following) || (isAnyRead && following.Service.IsGivenUp)),
            Revision: 0,
            all.Any(one => one.LastContact is null) ? null : all.Min(one => one.LastContact),
            all.Sum(one => one.HeldInstances));

        static bool IsRead(Following following) => following.IsInUse && following.Service.Status.Synced;
    }
}
