import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { route, type NotifyMessage } from "./gateway";
import {
  GroupAddMemberReqSchema, GroupAddMemberRspSchema, NotifyMessageSchema, SetTypingReqSchema, SetTypingRspSchema, type NotifyMessage as DemoMessage,
} from "./gateway/messages/members_pb";
import { NotifyMessageSchema as ContractSchema } from "./gateway/messages/notify_pb";

export type { NotifyMemberAdded, NotifyTyping } from "./gateway/messages/members_pb";

// What the wire contract does not have: a route more, and an event that keeps what the contract does not know.

export const addMembers = route("friend/group_add_member", GroupAddMemberReqSchema, GroupAddMemberRspSchema);

export const setTyping = route("friend/set_typing", SetTypingReqSchema, SetTypingRspSchema);

/** An event with what the demo adds to it: new members, somebody who is typing. */
export function demoEvent(event: NotifyMessage): DemoMessage {
  return fromBinary(NotifyMessageSchema, toBinary(ContractSchema, event));
}
