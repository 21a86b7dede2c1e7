// A client of the gateway for browsers. It knows nothing of the page around it: copy this folder, with the messages that
// `npm run generate` makes from the proto files, and add @bufbuild/protobuf to your dependencies.

export { GatewayClient, type ClientOptions } from "./client";
export { CallError, type CallErrorKind } from "./errors";
export { routes, type Route } from "./routes";
export type { SocketEnd } from "./protocol";
export { NotifySocket, type SocketHandlers } from "./socket";
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
export { NotifyType, type NotifyMessage } from "./messages/notify_pb";
