using ChatDemo.Members.Protocol;
using Gateway.Protocol;

namespace ChatDemo.Smoke;

/// <summary>All paths a client knows: 28 of the wire contract, and one of the demo's own.</summary>
internal static class Api
{
    public static readonly Endpoint<UserRegisterReq, UserRegisterRsp> UsernameRegister = new("/service/user/username_register");
    public static readonly Endpoint<UserLoginReq, UserLoginRsp> UsernameLogin = new("/service/user/username_login");
    public static readonly Endpoint<PhoneVerifyCodeReq, PhoneVerifyCodeRsp> GetPhoneVerifyCode = new("/service/user/get_phone_verify_code");
    public static readonly Endpoint<PhoneRegisterReq, PhoneRegisterRsp> PhoneRegister = new("/service/user/phone_register");
    public static readonly Endpoint<PhoneLoginReq, PhoneLoginRsp> PhoneLogin = new("/service/user/phone_login");
    public static readonly Endpoint<GetUserInfoReq, GetUserInfoRsp> GetUserInfo = new("/service/user/get_user_info");
    public static readonly Endpoint<SetUserAvatarReq, SetUserAvatarRsp> SetAvatar = new("/service/user/set_avatar");
    public static readonly Endpoint<SetUserDescriptionReq, SetUserDescriptionRsp> SetDescription = new("/service/user/set_description");
    public static readonly Endpoint<SetUserNicknameReq, SetUserNicknameRsp> SetNickname = new("/service/user/set_nickname");
    public static readonly Endpoint<SetUserPhoneNumberReq, SetUserPhoneNumberRsp> SetPhone = new("/service/user/set_phone");

    public static readonly Endpoint<GetFriendListReq, GetFriendListRsp> GetFriendList = new("/service/friend/get_friend_list");
    public static readonly Endpoint<FriendAddReq, FriendAddRsp> AddFriendApply = new("/service/friend/add_friend_apply");
    public static readonly Endpoint<GetPendingFriendEventListReq, GetPendingFriendEventListRsp> GetPendingFriendEvents = new("/service/friend/get_pending_friend_events");
    public static readonly Endpoint<FriendAddProcessReq, FriendAddProcessRsp> AddFriendProcess = new("/service/friend/add_friend_process");
    public static readonly Endpoint<FriendRemoveReq, FriendRemoveRsp> RemoveFriend = new("/service/friend/remove_friend");
    public static readonly Endpoint<FriendSearchReq, FriendSearchRsp> SearchFriend = new("/service/friend/search_friend");
    public static readonly Endpoint<GetChatSessionListReq, GetChatSessionListRsp> GetChatSessionList = new("/service/friend/get_chat_session_list");
    public static readonly Endpoint<ChatSessionCreateReq, ChatSessionCreateRsp> CreateChatSession = new("/service/friend/create_chat_session");
    public static readonly Endpoint<GetChatSessionMemberReq, GetChatSessionMemberRsp> GetChatSessionMember = new("/service/friend/get_chat_session_member");

    // Of members/members.proto.
    public static readonly Endpoint<GroupAddMemberReq, GroupAddMemberRsp> GroupAddMember = new("/service/friend/group_add_member");

    // Here the gateway changes the reply's type: the transmit service answers with a GetTransmitTargetRsp.
    public static readonly Endpoint<NewMessageReq, NewMessageRsp> NewMessage = new("/service/message_transmit/new_message");
    public static readonly Endpoint<GetHistoryMsgReq, GetHistoryMsgRsp> GetHistory = new("/service/message_storage/get_history");
    public static readonly Endpoint<GetRecentMsgReq, GetRecentMsgRsp> GetRecent = new("/service/message_storage/get_recent");
    public static readonly Endpoint<MsgSearchReq, MsgSearchRsp> SearchHistory = new("/service/message_storage/search_history");

    public static readonly Endpoint<GetSingleFileReq, GetSingleFileRsp> GetSingleFile = new("/service/file/get_single_file");
    public static readonly Endpoint<GetMultiFileReq, GetMultiFileRsp> GetMultiFile = new("/service/file/get_multi_file");
    public static readonly Endpoint<PutSingleFileReq, PutSingleFileRsp> PutSingleFile = new("/service/file/put_single_file");
    public static readonly Endpoint<PutMultiFileReq, PutMultiFileRsp> PutMultiFile = new("/service/file/put_multi_file");
    public static readonly Endpoint<SpeechRecognitionReq, SpeechRecognitionRsp> Recognition = new("/service/speech/recognition");

    public static IEnumerable<string> Paths { get; } =
        typeof(Api).GetFields().Select(field => field.GetValue(null)).OfType<IEndpoint>().Select(endpoint => endpoint.Path).ToList();
}
