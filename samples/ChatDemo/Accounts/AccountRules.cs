using ChatDemo.Services;

namespace ChatDemo.Accounts;

/// <summary>What nicknames, passwords and the like must look like, each with the sentence the user reads.</summary>
internal static class AccountRules
{
    // The avatar travels with every message in a history reply, so it is kept small.
    private const int MaxAvatarBytes = 256 * 1024;

    public static void CheckNickname(string nickname)
    {
        Require(nickname.Length is >= 3 and <= 22, "A nickname must be 3 to 22 characters long.");
        Require(nickname.Trim() == nickname, "A nickname must not begin or end with a space.");
    }

    public static void CheckPassword(string password) =>
        Require(password.Length is >= 6 and <= 32, "A password must be 6 to 32 characters long.");

    public static void CheckPhone(string phone) =>
        Require(phone.Length is >= 7 and <= 15 && phone.All(char.IsAsciiDigit), "A phone number must be 7 to 15 digits.");

    public static void CheckDescription(string description) =>
        Require(description.Length <= 200, "A description must not be longer than 200 characters.");

    public static void CheckAvatar(int length) =>
        Require(length is > 0 and <= MaxAvatarBytes, "An avatar must be a picture of at most 256 KiB.");

    private static void Require(bool condition, string sentence)
    {
        if (!condition)
        {
            throw new RefusedException(sentence);
        }
    }
}
