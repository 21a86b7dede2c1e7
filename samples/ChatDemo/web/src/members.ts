import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type { NotifyMessage } from "./gateway";
import { GroupAddMemberReqSchema, GroupAddMemberRspSchema, NotifyMessageSchema, type NotifyMemberAdded } from "./gateway/messages/members_pb";
import { NotifyMessageSchema as ContractSchema } from "./gateway/messages/notify_pb";

export type { NotifyMemberAdded };

// What the wire contract does not have. The library needs no change for it: a route is an object, and events keep what it does not know.

export const addMembers = { path: "/service/friend/group_add_member", request: GroupAddMemberReqSchema, response: GroupAddMemberRspSchema };

/** What an event says of new members; undefined if it is about something else. */
export function memberAdded(event: NotifyMessage): NotifyMemberAdded | undefined {
  return fromBinary(NotifyMessageSchema, toBinary(ContractSchema, event)).memberAdded;
}
