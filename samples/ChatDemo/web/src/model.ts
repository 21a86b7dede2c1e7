import { fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { CallError, GatewayClient, GatewaySession, NotifySocket, type SocketEnd } from "gateway-client";
import {
  MessageType, NotifyMessageSchema, NotifyType, routes,
  type ChatSessionInfo, type FriendEvent, type MessageContentSchema, type MessageInfo, type NotifyMessage, type UserInfo,
} from "./gateway";
import type { Config } from "./config";
import { addMembers, demoEvent, setTyping, type NotifyMemberAdded, type NotifyTyping } from "./members";
import { isPicture } from "./pictures";
import { ReadMarks } from "./readMarks";
import { explain, languageTag, t } from "./i18n";

/** How many messages are fetched at once. */
const pageSize = 30;

/** The most messages that are counted as unread; the page shows more as "99+". */
const unreadLimit = 100;

/** Whoever types says so this often, in milliseconds, and is shown for twice as long. */
const typingInterval = 3_000;

/** The longest text that one message takes, in characters. */
export const maxTextLength = 10_000;

/** The gateway takes 65 MiB on the file routes; the rest is for what goes around the file. */
export const maxFileSize = 64 * 1024 * 1024;

export type Connection = "connecting" | "online" | "resumed" | "reloaded" | "reconnecting" | "stopped";

/** A message on its way. */
export interface Outgoing {
  id: number;
  type: MessageType;
  /** The text, or the file's name. */
  text: string;
  file?: File;
  /** How much of the file is sent, from 0 to 1. */
  progress: number;
  /** Why it was refused. */
  error: string;
  abort: AbortController;
  /** What is sent, as soon as the file is uploaded. */
  content?: MessageInitShape<typeof MessageContentSchema>;
  /** The id of the message before it, once it may have been taken; empty if there was none. */
  after?: string;
}

/** Somebody was added to a group while this page was open. */
export interface Addition {
  names: string[];
  by: UserInfo;
  /** The id of the message before it; empty if there was none. */
  after: string;
}

export interface Chat {
  id: string;
  name: string;
  /** The other one, in a chat of two. */
  peerId: string;
  avatar: Uint8Array;
  last: MessageInfo | undefined;
  unread: number;
  /** Oldest first; undefined until they are needed. */
  messages: MessageInfo[] | undefined;
  /** Where messages go as well that come while some are fetched: the answer may be older than they are. */
  fetching: Set<MessageInfo[]>;
  /** Whether there are no older ones. */
  complete: boolean;
  outgoing: Outgoing[];
  sending: boolean;
  /** What is to be sent waits for the next connection. */
  held: boolean;
  /** Those of a group; undefined until they are needed. */
  members: UserInfo[] | undefined;
  additions: Addition[];
  /** Who is typing, by user id. */
  typing: Map<string, string>;
  draft: string;
  /** The user is not in it any more. It stays open until they leave it. */
  ended: boolean;
  /** When something happened in it, in seconds, and which of several things in one second came later. */
  active: [seconds: number, order: number];
}

/** What the page shows, kept up to date by calls and events. Views read it and are told when it changes. */
export class Model {
  readonly client: GatewayClient;
  me!: UserInfo;
  friends: UserInfo[] = [];
  requests: FriendEvent[] = [];
  chats = new Map<string, Chat>();
  current: Chat | undefined;
  /** Those asked to become friends who have not answered. */
  readonly asked = new Set<string>();
  /** The lists are there. */
  loaded = false;
  connection: Connection = "connecting";
  missed = 0;
  end: SocketEnd | undefined;
  sessionEnded = false;

  onChange: () => void = () => undefined;
  onNotice: (text: string) => void = () => undefined;

  readonly #session = new GatewaySession(() => this.#askForSession());
  readonly #socket: NotifySocket<NotifyMessage>;
  #isIn = false;
  #marks!: ReadMarks;
  #tabs!: BroadcastChannel;
  readonly #files = new Map<string, Promise<Uint8Array>>();
  readonly #typingTimers = new Map<string, ReturnType<typeof setTimeout>>();
  /** When; 0: not since the composer was empty. */
  #saidTyping = 0;
  #nextOutgoing = 1;
  #happenings = 0;
  #openGroup: () => void = () => undefined;

  constructor(config: Config) {
    this.client = new GatewayClient({ url: config.httpUrl, session: this.#session, language: languageTag });
    this.#socket = new NotifySocket({
      url: config.webSocketUrl,
      session: this.#session,
      decode: (event) => fromBinary(NotifyMessageSchema, event),
      onEvent: (event) => this.#event(event),
      onLoad: () => this.#load(),
      onFailure: (error) => this.report(error),
      onResumed: (missed) => this.#connected("resumed", missed),
      onReconnecting: () => this.#set({ connection: "reconnecting" }),
      onEnd: (end) => this.#set({ connection: "stopped", end }),
    });
  }

  /** Goes in with a session that a login or the last visit left. */
  async enter(sessionId: string): Promise<void> {
    this.#session.set(sessionId);
    this.me = (await this.client.call(routes.getUserInfo, {})).userInfo!;
    this.#marks = new ReadMarks(this.me.userId);
    this.#tabs = new BroadcastChannel(`chat-demo-${this.me.userId}`);
    this.#tabs.onmessage = ({ data }) => void this.#toldByTab(data as string).catch((error: unknown) => this.report(error));
    this.#isIn = true;
    this.#socket.start();
  }

  async logIn(nickname: string, password: string): Promise<string> {
    const answer = await this.client.call(routes.login, { nickname, password });
    return answer.loginSessionId;
  }

  /** Goes on after the session ended, with a new one of the same user: with the calls that it stopped too. */
  resumeWith(sessionId: string): void {
    this.#session.set(sessionId);
    this.#set({ sessionEnded: false });
  }

  connectAgain(): void {
    this.#set({ connection: "connecting", end: undefined });
    void this.#socket.reconnect();
  }

  leave(): void {
    this.#socket.stop();
    this.#tabs?.close();
  }

  get unread(): number {
    return [...this.chats.values()].reduce((sum, chat) => sum + chat.unread, 0);
  }

  /** The chats, the one where something happened last first. */
  get sortedChats(): Chat[] {
    return [...this.chats.values()].sort(({ active: a }, { active: b }) => b[0] - a[0] || b[1] - a[1]);
  }

  // Friends

  async findPeople(searchKey: string): Promise<UserInfo[]> {
    return (await this.client.call(routes.searchPeople, { searchKey })).userInfo;
  }

  async requestFriend(user: UserInfo): Promise<void> {
    await this.client.call(routes.requestFriend, { respondentId: user.userId });
    this.asked.add(user.userId);
    this.onChange();
  }

  async answerRequest(request: FriendEvent, agree: boolean): Promise<void> {
    await this.client.call(routes.answerFriendRequest, {
      notifyEventId: request.eventId, applyUserId: request.sender!.userId, agree,
    });
    this.requests = this.requests.filter((other) => other !== request);
    this.onChange();
    if (agree) {
      await this.#loadFriends();
    }

    this.#tellTabs();
  }

  async removeFriend(user: UserInfo): Promise<void> {
    await this.client.call(routes.removeFriend, { peerId: user.userId });
    await this.#forgetFriend(user.userId);
    this.#tellTabs();
    if (this.current?.ended) {
      await this.open(undefined);
    }
  }

  /** The answer does not say which chat it is, an event does. Returns what opens the chat, now or when the event comes. */
  async createGroup(name: string, memberIds: string[]): Promise<() => void> {
    const before = new Set(this.chats.keys());
    await this.client.call(routes.createChat, { chatSessionName: name, memberIdList: [...memberIds, this.me.userId] });
    const open = () => {
      const chat = [...this.chats.values()].find((other) => !other.peerId && other.name === name && !before.has(other.id));
      this.#openGroup = chat ? () => undefined : open;
      if (chat) {
        this.open(chat).catch((error: unknown) => this.report(error));
      }
    };
    return open;
  }

  async loadMembers(chat: Chat): Promise<void> {
    chat.members = (await this.client.call(routes.getMembers, { chatSessionId: chat.id })).memberInfoList;
    this.onChange();
  }

  /** Everybody in the group learns of it by an event, this page too. */
  async addMembers(chat: Chat, memberIdList: string[]): Promise<void> {
    await this.client.call(addMembers, { chatSessionId: chat.id, memberIdList });
  }

  // Profile

  async setNickname(nickname: string): Promise<void> {
    await this.client.call(routes.setNickname, { nickname });
    this.#learn({ ...this.me, nickname });
    this.#tellTabs();
  }

  async setSignature(description: string): Promise<void> {
    await this.client.call(routes.setDescription, { description });
    this.#learn({ ...this.me, description });
    this.#tellTabs();
  }

  async setAvatar(avatar: Uint8Array): Promise<void> {
    await this.client.call(routes.setAvatar, { avatar });
    this.#learn({ ...this.me, avatar: avatar as Uint8Array<ArrayBuffer> });
    this.#tellTabs();
  }

  // Messages

  async open(chat: Chat | undefined): Promise<void> {
    this.current = chat;
    this.onChange();
    if (chat && !chat.ended) {
      this.#markRead(chat);
      // That this page knows of it, so that it is told of others.
      void this.#tellTyping(chat, false);
      // Also when there are some: nobody tells this page of what the user writes on another device.
      await this.#loadNewest(chat);
    }
  }

  openWith(user: UserInfo): Promise<void> {
    return this.open([...this.chats.values()].find((chat) => chat.peerId === user.userId));
  }

  /** Fetches messages before the oldest one. False: there are none. */
  async loadOlder(chat: Chat, count = pageSize): Promise<boolean> {
    const known = chat.messages;
    if (!known || chat.complete) {
      return false;
    }

    // Times are whole seconds, so those of the oldest second come once more.
    const oldest = known[0]!.timestamp;
    const again = known.filter((message) => message.timestamp === oldest).length;
    const asked = count + again;
    const older = await this.#recent(chat, asked, oldest);
    chat.messages = united(older, known);
    chat.complete = older.length < asked;
    this.onChange();
    return chat.messages.length > known.length;
  }

  async searchMessages(chat: Chat, searchKey: string): Promise<MessageInfo[]> {
    return (await this.client.call(routes.searchMessages, { chatSessionId: chat.id, searchKey })).msgList;
  }

  /** Fetches older messages until this one is among them. */
  async reach(chat: Chat, messageId: string): Promise<void> {
    while (!chat.messages?.some((message) => message.messageId === messageId) && (await this.loadOlder(chat, 150))) {
      // loadOlder does the work and ends the loop at the first message.
    }
  }

  /** The draft has changed. */
  wrote(chat: Chat): void {
    if (!chat.draft) {
      this.#saidTyping = 0;
      void this.#tellTyping(chat, false);
    } else if (Date.now() - this.#saidTyping >= typingInterval) {
      this.#saidTyping = Date.now();
      void this.#tellTyping(chat, true);
    }
  }

  sendText(chat: Chat, text: string): Promise<void> {
    return this.#enqueue(chat, this.#outgoing(MessageType.STRING, text));
  }

  /** Done when the file has its place among what is to be sent. */
  async sendFile(chat: Chat, file: File, asImage: boolean): Promise<void> {
    if (file.size === 0) {
      this.onNotice(t.emptyFile(file.name));
    } else if (file.size > maxFileSize) {
      this.onNotice(t.tooLarge(file.name, "64 MiB"));
    } else if (asImage && !isPicture(new Uint8Array(await file.slice(0, 16).arrayBuffer()))) {
      this.onNotice(t.notAnImage(file.name));
    } else {
      void this.#enqueue(chat, this.#outgoing(asImage ? MessageType.IMAGE : MessageType.FILE, file.name, file));
    }
  }

  async sendAgain(chat: Chat, message: Outgoing): Promise<void> {
    if (message.error) {
      chat.outgoing = [...chat.outgoing.filter((other) => other !== message), message];
      message.error = "";
    }

    await this.#sendAll(chat);
  }

  discard(chat: Chat, message: Outgoing): void {
    message.abort.abort();
    chat.outgoing = chat.outgoing.filter((other) => other !== message);
    this.onChange();
  }

  /** A file of a message. Fetched once. */
  getFile(fileId: string): Promise<Uint8Array> {
    let file = this.#files.get(fileId);
    if (!file) {
      file = this.client.call(routes.getFile, { fileId }).then((answer) => answer.fileData!.fileContent);
      // A failure is not kept, so that the next one who asks tries again.
      file.catch(() => this.#files.delete(fileId));
      this.#files.set(fileId, file);
    }

    return file;
  }

  /** Shows a failure as a notice. */
  report(error: unknown): void {
    this.onNotice(explain(error));
  }

  /** The dialog for the password gives the answer by `resumeWith`. Nobody is asked before the first session has proved good. */
  #askForSession(): Promise<undefined> | undefined {
    if (!this.#isIn) {
      return undefined;
    }

    this.#set({ sessionEnded: true });
    return new Promise(() => undefined);
  }

  /** Nobody misses it if it fails. */
  async #tellTyping(chat: Chat, isTyping: boolean): Promise<void> {
    await this.client.call(setTyping, { chatSessionId: chat.id, isTyping }).catch(() => undefined);
  }

  #outgoing(type: MessageType, text: string, file?: File): Outgoing {
    return { id: this.#nextOutgoing++, type, text, file, progress: 0, error: "", abort: new AbortController() };
  }

  #enqueue(chat: Chat, message: Outgoing): Promise<void> {
    chat.outgoing.push(message);
    return this.#sendAll(chat);
  }

  #sendHeld(): void {
    [...this.chats.values()].filter((chat) => chat.held).forEach((chat) => void this.#sendAll(chat));
  }

  /** One after another, so that the order stays. What the network or the session stops keeps its place for the next time. */
  async #sendAll(chat: Chat): Promise<void> {
    if (chat.sending) {
      this.onChange();
      return;
    }

    chat.sending = true;
    chat.held = false;
    for (let next; !chat.held && (next = chat.outgoing.find((message) => !message.error));) {
      this.onChange();
      await this.#send(chat, next);
    }

    chat.sending = false;
    this.onChange();
  }

  async #send(chat: Chat, message: Outgoing): Promise<void> {
    try {
      if (message.after === undefined || !(await this.#hasArrived(chat, message))) {
        const body = message.file ? await this.#upload(message, message.file) : { stringMessage: { content: message.text } };
        message.content = { messageType: message.type, ...body };
        message.after = chat.last?.messageId ?? "";
        await this.client.call(routes.sendMessage, { chatSessionId: chat.id, message: message.content });
        // The answer does not hold the stored message, with its id and time.
        await this.#loadNewest(chat);
      }

      chat.outgoing = chat.outgoing.filter((other) => other !== message);
      this.#tellTabs(chat);
    } catch (error) {
      if (!(error instanceof CallError)) {
        throw error;
      }

      if (error.kind === "network") {
        chat.held = true;
        this.#socket.drop();
      } else if (error.kind !== "cancelled") {
        message.error = explain(error);
        message.after = error.kind === "refused" ? undefined : message.after;
      }
    }
  }

  /** Whether a message that got no answer was taken all the same. */
  async #hasArrived(chat: Chat, { after, content, text, file }: Outgoing): Promise<boolean> {
    await this.#loadNewest(chat);
    const before = chat.messages!.findIndex((message) => message.messageId === after);
    return chat.messages!.slice(before + 1).some((message) => this.#isMine(message) && (file
      ? (message.message!.fileMessage ?? message.message!.imageMessage)?.fileId === (content!.fileMessage ?? content!.imageMessage)!.fileId
      : message.message!.stringMessage?.content === text));
  }

  /** Uploads first and sends the id then: the file routes take far larger bodies than the one of messages. */
  async #upload(message: Outgoing, file: File): Promise<MessageInitShape<typeof MessageContentSchema>> {
    if (message.content) {
      return message.content;
    }

    const fileContent = await file.arrayBuffer().then((bytes) => new Uint8Array(bytes), () => {
      throw new CallError("refused", t.unreadable);
    });
    const answer = await this.client.upload(
      routes.putFile,
      { fileData: { fileName: file.name, fileSize: BigInt(file.size), fileContent } },
      (sent) => {
        message.progress = sent;
        this.onChange();
      },
      message.abort.signal,
    );
    const { fileId, fileName, fileSize } = answer.fileInfo!;
    this.#files.set(fileId, Promise.resolve(fileContent));
    return message.type === MessageType.IMAGE ? { imageMessage: { fileId } } : { fileMessage: { fileId, fileName, fileSize } };
  }

  async #load(): Promise<void> {
    await this.#loadLists();
    // Answers may have been missed.
    this.asked.clear();
    for (const chat of this.chats.values()) {
      chat.messages = undefined;
    }

    await this.#countUnread();
    if (this.current && !this.current.ended) {
      await Promise.all([this.#loadNewest(this.current), this.current.members && this.loadMembers(this.current)]);
    }

    this.#connected(this.loaded ? "reloaded" : "online", 0);
  }

  async #loadLists(): Promise<void> {
    const [me] = await Promise.all([
      this.client.call(routes.getUserInfo, {}), this.#loadFriends(), this.#loadRequests(), this.#loadChats(),
    ]);
    this.#learn(me.userInfo!);
  }

  /** What is new about somebody is so wherever they are shown. */
  #learn({ userId, nickname, description, avatar }: UserInfo): void {
    const shown = [this.me, ...this.friends, ...this.requests.map((request) => request.sender!)];
    for (const chat of this.chats.values()) {
      shown.push(...chat.members ?? [], ...(chat.messages ?? []).map((message) => message.sender!));
      if (chat.peerId === userId) {
        Object.assign(chat, { name: nickname, avatar });
      }
    }

    shown.filter((user) => user.userId === userId).forEach((user) => Object.assign(user, { nickname, description, avatar }));
    this.onChange();
  }

  /** Of a user who is new to this browser nothing counts: they have read elsewhere. */
  async #countUnread(): Promise<void> {
    const chats = [...this.chats.values()];
    if (this.#marks.isNew) {
      this.#marks.set(chats.flatMap((chat) => chat.last ?? []));
    }

    await Promise.all(chats.map(async (chat) => {
      if (!chat.last || this.#marks.isRead(chat.last)) {
        chat.unread = 0;
      } else {
        const recent = await this.#recent(chat, unreadLimit, 0n);
        // Whoever writes has read what was there.
        chat.unread = recent.length - 1 - recent.findLastIndex((message) => this.#marks.isRead(message) || this.#isMine(message));
      }
    }));
  }

  #isMine(message: MessageInfo): boolean {
    return message.sender!.userId === this.me.userId;
  }

  #markRead(chat: Chat): void {
    if (chat.last && !document.hidden && !this.#marks.isRead(chat.last)) {
      this.#marks.set([chat.last]);
      this.#tellTabs(chat);
    }

    chat.unread = document.hidden ? chat.unread : 0;
    this.onChange();
  }

  /** The other tabs hear by no event what the user does here: writes or reads in a chat, or changes the lists. */
  #tellTabs(chat?: Chat): void {
    this.#tabs.postMessage(chat?.id ?? "");
  }

  async #toldByTab(chatId: string): Promise<void> {
    const chat = this.chats.get(chatId);
    if (!chat) {
      await this.#loadLists();
      return;
    }

    await this.#loadNewest(chat);
    if (chat.last && (this.#marks.isRead(chat.last) || this.#isMine(chat.last))) {
      chat.unread = 0;
      this.onChange();
    }
  }

  #connected(connection: Connection, missed: number): void {
    this.loaded = true;
    this.#set({ connection, missed });
    this.#sendHeld();
  }

  async #event(event: NotifyMessage): Promise<void> {
    switch (event.notifyType) {
      case NotifyType.FRIEND_ADD_APPLY_NOTIFY:
        this.onNotice(t.askedYou(event.friendAddApply?.userInfo?.nickname ?? ""));
        // The event has no id of the request that an answer could name.
        await this.#loadRequests();
        break;
      case NotifyType.FRIEND_ADD_PROCESS_NOTIFY: {
        const { agree, userInfo } = event.friendProcessResult!;
        this.asked.delete(userInfo!.userId);
        this.onNotice(agree ? t.acceptedYou(userInfo!.nickname) : t.refusedYou(userInfo!.nickname));
        await this.#loadFriends();
        break;
      }
      case NotifyType.CHAT_SESSION_CREATE_NOTIFY:
        this.#addChat(event.newChatSessionInfo!.chatSessionInfo!, seconds());
        this.#openGroup();
        this.onChange();
        break;
      case NotifyType.CHAT_MESSAGE_NOTIFY:
        await this.#hear(event.newMessageInfo!.messageInfo!);
        break;
      case NotifyType.FRIEND_REMOVE_NOTIFY: {
        const userId = event.friendRemove!.userId;
        const friend = this.friends.find((user) => user.userId === userId);
        if (friend) {
          this.onNotice(t.removedYou(friend.nickname));
        }

        await this.#forgetFriend(userId);
        break;
      }
      default: {
        const { memberAdded, typing } = demoEvent(event);
        if (memberAdded) {
          this.#welcome(memberAdded);
        } else if (typing && Date.now() - Number(typing.at) < 2 * typingInterval && !this.#hasWrittenSince(typing)) {
          this.#setTyping(typing.chatSessionId, typing.userId, typing.nickname);
        }
      }
    }
  }

  /** The message can overtake what was told before it. Its time is in whole seconds. */
  #hasWrittenSince({ chatSessionId, userId, at }: NotifyTyping): boolean {
    const chat = this.chats.get(chatSessionId);
    const last = (chat?.messages ?? [chat?.last]).findLast((message) => message?.sender!.userId === userId);
    return last !== undefined && at < (last.timestamp + 1n) * 1000n;
  }

  /** Without a name they have stopped. */
  #setTyping(chatId: string, userId: string, name = ""): void {
    const typing = this.chats.get(chatId)?.typing;
    clearTimeout(this.#typingTimers.get(chatId + userId));
    if (name && typing) {
      typing.set(userId, name);
      this.#typingTimers.set(chatId + userId, setTimeout(() => this.#setTyping(chatId, userId), 2 * typingInterval));
      this.onChange();
    } else if (typing?.delete(userId)) {
      this.onChange();
    }
  }

  #welcome({ chatSessionId, memberInfoList, addedBy }: NotifyMemberAdded): void {
    const chat = this.chats.get(chatSessionId);
    if (chat) {
      const known = new Set(chat.members?.map((user) => user.userId));
      chat.members = chat.members && [...chat.members, ...memberInfoList.filter((user) => !known.has(user.userId))];
      chat.active = [seconds(), ++this.#happenings];
      chat.additions.push({ names: memberInfoList.map((user) => user.nickname), by: addedBy!, after: chat.last?.messageId ?? "" });
      this.onChange();
    }
  }

  async #hear(message: MessageInfo): Promise<void> {
    if (!this.chats.has(message.chatSessionId)) {
      await this.#loadChats();
    }

    const chat = this.chats.get(message.chatSessionId);
    this.#setTyping(message.chatSessionId, message.sender!.userId);
    if (!chat || chat.messages?.some((known) => known.messageId === message.messageId)) {
      return;
    }

    chat.fetching.forEach((heard) => heard.push(message));
    this.#learn(message.sender!);
    this.#setLast(chat, message);
    if (chat.messages) {
      chat.messages = united(chat.messages, [message]);
    }

    if (chat !== this.current || document.hidden) {
      chat.unread++;
    } else {
      this.#markRead(chat);
    }

    this.onChange();
  }

  readonly #loadFriends = oneByOne(async () => {
    this.friends = (await this.client.call(routes.getFriends, {})).friendList;
    this.onChange();
  });

  readonly #loadRequests = oneByOne(async () => {
    this.requests = (await this.client.call(routes.getFriendRequests, {})).event;
    this.onChange();
  });

  readonly #loadChats = oneByOne(async () => {
    // A chat that an event brings meanwhile may be newer than the answer.
    const known = new Set(this.chats.keys());
    const infos = (await this.client.call(routes.getChats, {})).chatSessionInfoList;
    const gone = known.difference(new Set(infos.map((info) => info.chatSessionId)));
    gone.forEach((id) => this.#forgetChat(id));
    infos.forEach((info) => this.#addChat(info));
    this.#openGroup();
    this.onChange();
  });

  #addChat(info: ChatSessionInfo, since = 0): void {
    const known = this.chats.get(info.chatSessionId);
    if (known) {
      known.name = info.chatSessionName;
      known.avatar = info.avatar;
      this.#setLast(known, info.prevMessage);
      return;
    }

    const chat: Chat = {
      id: info.chatSessionId, name: info.chatSessionName, peerId: info.singleChatFriendId, avatar: info.avatar, last: undefined,
      unread: 0, messages: undefined, fetching: new Set(), complete: false, outgoing: [], sending: false, held: false,
      members: undefined, additions: [], typing: new Map(), draft: "", ended: false, active: [since, ++this.#happenings],
    };
    this.#setLast(chat, info.prevMessage);
    this.chats.set(chat.id, chat);
  }

  #setLast(chat: Chat, message: MessageInfo | undefined): void {
    if (message && message.messageId !== chat.last?.messageId) {
      chat.last = message;
      chat.active = [Number(message.timestamp), ++this.#happenings];
    }
  }

  async #forgetFriend(userId: string): Promise<void> {
    this.friends = this.friends.filter((user) => user.userId !== userId);
    for (const chat of this.chats.values()) {
      if (chat.peerId === userId) {
        this.#forgetChat(chat.id);
      }
    }

    this.onChange();
    // Lists on their way may still have them.
    await Promise.all([this.#loadFriends(), this.#loadChats()]);
  }

  #forgetChat(id: string): void {
    const chat = this.chats.get(id);
    if (chat) {
      chat.ended = true;
      this.chats.delete(id);
    }
  }

  async #loadNewest(chat: Chat): Promise<void> {
    const heard: MessageInfo[] = [];
    chat.fetching.add(heard);
    const newest = await this.#recent(chat, pageSize, 0n).finally(() => chat.fetching.delete(heard));
    const known = chat.messages;
    if (!known || !newest.some((message) => known.some((old) => old.messageId === message.messageId))) {
      // Nothing in common: there may be a gap between the two.
      chat.messages = [];
      chat.complete = newest.length < pageSize;
    }

    const later = heard.filter((message) => !newest.some((other) => other.messageId === message.messageId));
    chat.messages = united(united(chat.messages!, newest), later);
    new Map(newest.map(({ sender }) => [sender!.userId, sender!])).forEach((sender) => this.#learn(sender));
    this.#setLast(chat, chat.messages.at(-1));
    if (chat === this.current) {
      this.#markRead(chat);
    }

    this.onChange();
  }

  async #recent(chat: Chat, count: number, curTime: bigint): Promise<MessageInfo[]> {
    return (await this.client.call(routes.getRecent, { chatSessionId: chat.id, msgCount: BigInt(count), curTime })).msgList;
  }

  #set(change: Partial<Pick<Model, "connection" | "missed" | "end" | "sessionEnded">>): void {
    Object.assign(this, change);
    this.onChange();
  }
}

/**
 * Fetches what is shown as a whole. Asked while an answer is on its way, it fetches once more behind that one, which may be older than what the asker
 * knows of; two answers at a time could also overtake each other.
 */
function oneByOne(fetch: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const start = () => {
    next = undefined;
    const promise = fetch().finally(() => (current = next));
    return (current = promise);
  };
  return () => (current ? (next ??= current.then(start, start)) : start());
}

/** Whole ones, as in the time of a message. */
function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** Two stretches of a chat as one, oldest first, without doubles. Within a second the order is that of the later stretch. */
function united(earlier: MessageInfo[], later: MessageInfo[]): MessageInfo[] {
  const all = new Map<string, MessageInfo>();
  for (const message of [...earlier, ...later]) {
    all.delete(message.messageId);
    all.set(message.messageId, message);
  }

  return [...all.values()].sort((a, b) => Number(a.timestamp - b.timestamp));
}
