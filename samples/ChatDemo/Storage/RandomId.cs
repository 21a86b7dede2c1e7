using System.Security.Cryptography;

namespace ChatDemo.Storage;

internal static class RandomId
{
    /// <summary>32 hex characters nobody can guess: users, chats, messages, files and login sessions all get one.</summary>
    public static string Create() => RandomNumberGenerator.GetHexString(32, lowercase: true);
}
