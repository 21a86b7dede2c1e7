using System.Runtime.InteropServices;

namespace Gateway.Tests.Support;

/// <summary>Opens files as the user nobody, on this thread and until it is disposed of. Does nothing for a user who is not root.</summary>
internal readonly struct NobodysFileAccess : IDisposable
{
    private const uint Nobody = 65534;

    private readonly uint _before;

    public NobodysFileAccess()
    {
        if (Environment.IsPrivilegedProcess)
        {
            _before = (uint)SetFileSystemUser(Nobody);
        }
    }

    public void Dispose()
    {
        if (Environment.IsPrivilegedProcess)
        {
            _ = SetFileSystemUser(_before);
        }
    }

    /// <summary>Linux keeps this user for each thread. Returns the one before.</summary>
    [DllImport("libc", EntryPoint = "setfsuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetFileSystemUser(uint user);
}
