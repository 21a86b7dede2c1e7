// What the demo's gateway is asked and what it tells: the routes of the wire contract, and its messages.

export { route, routes } from "./routes";
export {
  MessageType,
  type MessageContentSchema,
  type ChatSessionInfo,
  type FileMessageInfo,
  type MessageContent,
  type MessageInfo,
  type UserInfo,
} from "./messages/base_pb";
export type { FriendEvent } from "./messages/friend_pb";
export { NotifyMessageSchema, NotifyType, type NotifyMessage } from "./messages/notify_pb";
