namespace Gateway.Transforms.Rpc;

/// <summary>
/// A call whose request can be sent once more. That hangs on its body alone: what is held can be sent again, what was passed on as it
/// came cannot.
/// </summary>
public interface IReplayableCall
{
    /// <summary>Whether the whole request is still here.</summary>
    bool CanReplay { get; }

    /// <summary>Forgets how the call ended the last time, so that it can be made again. Only while <see cref="CanReplay"/>.</summary>
    void Replay();
}
