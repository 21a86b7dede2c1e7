import { create, fromBinary, toBinary, type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import type { Route } from "gateway-client";
import * as file from "./messages/file_pb";
import * as friend from "./messages/friend_pb";
import * as storage from "./messages/message_storage_pb";
import * as transmit from "./messages/message_transmit_pb";
import * as user from "./messages/user_pb";

export function route<Request extends DescMessage, Response extends DescMessage>(
  path: string,
  request: Request,
  response: Response,
): Route<MessageInitShape<Request>, MessageShape<Response>> {
  return {
    path: `/service/${path}`,
    // Messages without a session_id take none.
    encode: (fields, ids) => toBinary(request, create(request, { ...fields, ...ids } as MessageInitShape<Request>)),
    decode: (answer) => fromBinary(response, answer),
  };
}

/** The routes a chat page needs; a further one is a line. */
export const routes = {
  register: route("user/username_register", user.UserRegisterReqSchema, user.UserRegisterRspSchema),
  login: route("user/username_login", user.UserLoginReqSchema, user.UserLoginRspSchema),
  getUserInfo: route("user/get_user_info", user.GetUserInfoReqSchema, user.GetUserInfoRspSchema),
  setAvatar: route("user/set_avatar", user.SetUserAvatarReqSchema, user.SetUserAvatarRspSchema),
  setDescription: route("user/set_description", user.SetUserDescriptionReqSchema, user.SetUserDescriptionRspSchema),
  setNickname: route("user/set_nickname", user.SetUserNicknameReqSchema, user.SetUserNicknameRspSchema),

  getFriends: route("friend/get_friend_list", friend.GetFriendListReqSchema, friend.GetFriendListRspSchema),
  requestFriend: route("friend/add_friend_apply", friend.FriendAddReqSchema, friend.FriendAddRspSchema),
  getFriendRequests: route(
    "friend/get_pending_friend_events", friend.GetPendingFriendEventListReqSchema, friend.GetPendingFriendEventListRspSchema),
  answerFriendRequest: route("friend/add_friend_process", friend.FriendAddProcessReqSchema, friend.FriendAddProcessRspSchema),
  removeFriend: route("friend/remove_friend", friend.FriendRemoveReqSchema, friend.FriendRemoveRspSchema),
  searchPeople: route("friend/search_friend", friend.FriendSearchReqSchema, friend.FriendSearchRspSchema),
  getChats: route("friend/get_chat_session_list", friend.GetChatSessionListReqSchema, friend.GetChatSessionListRspSchema),
  createChat: route("friend/create_chat_session", friend.ChatSessionCreateReqSchema, friend.ChatSessionCreateRspSchema),
  getMembers: route("friend/get_chat_session_member", friend.GetChatSessionMemberReqSchema, friend.GetChatSessionMemberRspSchema),

  sendMessage: route("message_transmit/new_message", transmit.NewMessageReqSchema, transmit.NewMessageRspSchema),
  getRecent: route("message_storage/get_recent", storage.GetRecentMsgReqSchema, storage.GetRecentMsgRspSchema),
  searchMessages: route("message_storage/search_history", storage.MsgSearchReqSchema, storage.MsgSearchRspSchema),

  getFile: route("file/get_single_file", file.GetSingleFileReqSchema, file.GetSingleFileRspSchema),
  putFile: route("file/put_single_file", file.PutSingleFileReqSchema, file.PutSingleFileRspSchema),
} as const;
