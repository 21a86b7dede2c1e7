using ChatDemo.Accounts;
using ChatDemo.Storage;
using Dapper;
using Gateway.Protocol;
using Grpc.Core;
using Microsoft.AspNetCore.Identity;

namespace ChatDemo.Services;

/// <summary>Accounts: registration, login and profile.</summary>
internal sealed class UserRpc(Database database, VerifyCodes codes, ISessionWriter sessions, PasswordHasher<UserRpc> hasher)
    : UserService.UserServiceBase
{
    private const string NicknameTaken = "This nickname is already taken.";
    private const string PhoneTaken = "This phone number already belongs to another account.";

    public override Task<UserRegisterRsp> UserRegister(UserRegisterReq request, ServerCallContext context)
    {
        AccountRules.CheckNickname(request.Nickname);
        AccountRules.CheckPassword(request.Password);
        var passwordHash = hasher.HashPassword(this, request.Password);
        AddUser(RandomId.Create(), request.Nickname, passwordHash, phone: null, NicknameTaken);
        return Task.FromResult(new UserRegisterRsp());
    }

    public override async Task<UserLoginRsp> UserLogin(UserLoginReq request, ServerCallContext context)
    {
        using var connection = database.Open();
        var (userId, passwordHash) = connection.QuerySingleOrDefault<(string, string?)>(
            "SELECT user_id, password_hash FROM users WHERE nickname = @Nickname", new { request.Nickname });
        // One sentence for both: a stranger shall not learn which nicknames exist.
        if (passwordHash is null
            || hasher.VerifyHashedPassword(this, passwordHash, request.Password) == PasswordVerificationResult.Failed)
        {
            throw new RefusedException("Nickname or password is wrong.");
        }

        return new UserLoginRsp { LoginSessionId = await OpenSessionAsync(userId) };
    }

    public override Task<PhoneVerifyCodeRsp> GetPhoneVerifyCode(PhoneVerifyCodeReq request, ServerCallContext context)
    {
        AccountRules.CheckPhone(request.PhoneNumber);
        return Task.FromResult(new PhoneVerifyCodeRsp { VerifyCodeId = codes.Send(request.PhoneNumber) });
    }

    public override Task<PhoneRegisterRsp> PhoneRegister(PhoneRegisterReq request, ServerCallContext context)
    {
        codes.Check(request.VerifyCodeId, request.VerifyCode, request.PhoneNumber);
        var userId = RandomId.Create();
        // A first nickname, until the user picks one.
        AddUser(userId, $"user_{userId[..12]}", passwordHash: null, request.PhoneNumber, PhoneTaken);
        return Task.FromResult(new PhoneRegisterRsp());
    }

    public override async Task<PhoneLoginRsp> PhoneLogin(PhoneLoginReq request, ServerCallContext context)
    {
        codes.Check(request.VerifyCodeId, request.VerifyCode, request.PhoneNumber);
        using var connection = database.Open();
        var userId = connection.QuerySingleOrDefault<string>(
            "SELECT user_id FROM users WHERE phone = @PhoneNumber", new { request.PhoneNumber })
            ?? throw new RefusedException("No account has this phone number. Register first.");
        return new PhoneLoginRsp { LoginSessionId = await OpenSessionAsync(userId) };
    }

    public override Task<GetUserInfoRsp> GetUserInfo(GetUserInfoReq request, ServerCallContext context)
    {
        using var connection = database.Open();
        var user = connection.FindUser(request.UserId) ?? throw new RefusedException("This account does not exist.");
        return Task.FromResult(new GetUserInfoRsp { UserInfo = user });
    }

    /// <summary>Not on any route of the gateway, which asks it itself for the details in a notification.</summary>
    public override Task<GetMultiUserInfoRsp> GetMultiUserInfo(GetMultiUserInfoReq request, ServerCallContext context)
    {
        using var connection = database.Open();
        var response = new GetMultiUserInfoRsp();
        foreach (var user in connection.FindUsers(request.UsersId))
        {
            response.UsersInfo[user.UserId] = user;
        }

        return Task.FromResult(response);
    }

    public override Task<SetUserAvatarRsp> SetUserAvatar(SetUserAvatarReq request, ServerCallContext context)
    {
        AccountRules.CheckAvatar(request.Avatar.Length);
        Update(request.UserId, "avatar", request.Avatar.ToByteArray());
        return Task.FromResult(new SetUserAvatarRsp());
    }

    public override Task<SetUserNicknameRsp> SetUserNickname(SetUserNicknameReq request, ServerCallContext context)
    {
        AccountRules.CheckNickname(request.Nickname);
        Update(request.UserId, "nickname", request.Nickname, NicknameTaken);
        return Task.FromResult(new SetUserNicknameRsp());
    }

    public override Task<SetUserDescriptionRsp> SetUserDescription(SetUserDescriptionReq request, ServerCallContext context)
    {
        AccountRules.CheckDescription(request.Description);
        Update(request.UserId, "description", request.Description);
        return Task.FromResult(new SetUserDescriptionRsp());
    }

    public override Task<SetUserPhoneNumberRsp> SetUserPhoneNumber(SetUserPhoneNumberReq request, ServerCallContext context)
    {
        codes.Check(request.PhoneVerifyCodeId, request.PhoneVerifyCode, request.PhoneNumber);
        Update(request.UserId, "phone", request.PhoneNumber, PhoneTaken);
        return Task.FromResult(new SetUserPhoneNumberRsp());
    }

    private async Task<string> OpenSessionAsync(string userId)
    {
        var sessionId = RandomId.Create();
        await sessions.WriteAsync(sessionId, userId);
        return sessionId;
    }

    private void AddUser(string userId, string nickname, string? passwordHash, string? phone, string conflict)
    {
        using var connection = database.Open();
        var added = connection.Execute(
            """
            INSERT INTO users (user_id, nickname, password_hash, phone) VALUES (@userId, @nickname, @passwordHash, @phone)
            ON CONFLICT DO NOTHING
            """,
            new { userId, nickname, passwordHash, phone });
        if (added == 0)
        {
            throw new RefusedException(conflict);
        }
    }

    // The column's name comes from this class only, never from a request.
    private void Update(string userId, string column, object value, string conflict = "This account does not exist.")
    {
        using var connection = database.Open();
        var updated = connection.Execute(
            $"UPDATE OR IGNORE users SET {column} = @value WHERE user_id = @userId", new { userId, value });
        if (updated == 0)
        {
            throw new RefusedException(conflict);
        }
    }
}
