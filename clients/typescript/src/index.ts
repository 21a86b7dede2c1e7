export { GatewayClient, type CallIds, type CallOptions, type CallOutcome, type GatewayClientOptions, type Route } from "./client.js";
export { CallError, type CallErrorKind } from "./errors.js";
export type { PositionStorage } from "./position.js";
export type { SocketEnd } from "./protocol.js";
export { GatewaySession, type Session, type SessionAnswer, type SessionProvider, type SessionReason } from "./session.js";
export { NotifySocket, type NotifySocketOptions, type WebSocketConstructor, type WebSocketLike } from "./socket.js";
