namespace Gateway.Proxy.Tls;

/// <summary>What certificate files hold. A change that cannot be used leaves what was loaded last in use.</summary>
/// <param name="readText">Reads the files, to see whether they have changed.</param>
/// <param name="load">Makes use of them.</param>
/// <param name="describe">Says why that failed.</param>
internal sealed class FollowedFiles<T>(Func<string> readText, Func<T> load, Func<Exception, string> describe)
    where T : class
{
    private T? _value;
    private string _text = "";
    private string _broken = "";

    /// <summary>What was loaded last; null before anything was.</summary>
    public T? Value => Volatile.Read(ref _value);

    /// <summary>Why the files are not those in use; null when all is well.</summary>
    public string? Problem { get; private set; }

    /// <summary>Loads the files if nothing has been loaded.</summary>
    public T Load() => Value ?? Use(readText());

    /// <summary>Looks once whether the files have changed. Not for several threads at a time.</summary>
    public FileChange Check()
    {
        var text = "";
        try
        {
            text = readText();
            var hasChanged = text != _text || Value is null;
            if (hasChanged)
            {
                Use(text);
            }

            (Problem, _broken) = (null, "");
            return hasChanged ? FileChange.Applied : FileChange.None;
        }
        catch (Exception exception)
        {
            // Whatever it is, it must not end the watch over the files: a kind of key that this machine does not know, for example.
            return Refuse(text, exception);
        }
    }

    private T Use(string text)
    {
        var loaded = load();
        Volatile.Write(ref _value, loaded);
        _text = text;
        return loaded;
    }

    /// <summary>A certificate and its key may be written one after the other, so a mistake is believed when it is still there at the next look.</summary>
    private FileChange Refuse(string text, Exception exception)
    {
        var broken = text + exception.Message;
        if (broken != _broken)
        {
            _broken = broken;
            Problem = null;
            return FileChange.None;
        }

        if (Problem is not null)
        {
            return FileChange.None;
        }

        Problem = describe(exception);
        return FileChange.Refused;
    }
}

/// <summary>What a look at files has come to.</summary>
internal enum FileChange
{
    /// <summary>Nothing has changed, or nothing that can be told by now.</summary>
    None,

    /// <summary>What they hold now is in use.</summary>
    Applied,

    /// <summary>What they hold now cannot be used.</summary>
    Refused,
}

/// <summary>Tells once a day that a certificate is about to expire.</summary>
internal sealed class ExpiryReminder(TimeProvider time)
{
    private static readonly TimeSpan Soon = TimeSpan.FromDays(14);
    private static readonly TimeSpan Interval = TimeSpan.FromDays(1);

    private DateTimeOffset? _reminded;

    /// <summary>True when it has expired, or will within two weeks.</summary>
    public bool IsSoon(DateTimeOffset? expires) => expires - time.GetUtcNow() < Soon;

    /// <summary>True when it is time to say so.</summary>
    public bool IsDue(DateTimeOffset? expires)
    {
        var now = time.GetUtcNow();
        if (!IsSoon(expires) || now - _reminded < Interval)
        {
            return false;
        }

        _reminded = now;
        return true;
    }
}
