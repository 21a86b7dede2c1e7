import { CallError } from "gateway-client";

const en = {
  appName: "Chat",
  language: "Language",
  nickname: "Nickname",
  password: "Password",
  logIn: "Log in",
  register: "Register",
  toRegister: "New here? Register",
  toLogIn: "Have an account? Log in",
  nicknameLength: "A nickname must be 3 to 22 characters long.",
  passwordLength: "A password must be 6 to 32 characters long.",
  sessionEnded: "Your session has ended. Log in again.",
  continueAs: (name: string) => `Log in again as ${name} to go on where you are.`,
  otherAccount: "Use another account",
  unreachable: "The chat cannot be reached right now. Check your connection and try again.",
  configMissing: "This page was opened without the demo behind it. Start it with ./demo.sh.",

  connecting: "Connecting …",
  online: "Online",
  reconnecting: "Reconnecting …",
  resumed: (missed: number) => (missed === 0 ? "Back online, nothing missed" : `Back online, ${missed} missed fetched`),
  reloaded: "Back online, lists loaded again",
  stopped: "Disconnected",
  endReplaced: "This chat was opened on another device, so this one is disconnected.",
  endTooMany: "You are connected in too many places. Close one and connect again.",
  endOther: (code: number) => `The gateway closed the connection (${code}).`,
  connectAgain: "Connect again",

  chats: "Chats",
  friends: "Friends",
  unread: (count: number) => `${count} unread`,
  requestsWaiting: (count: number) => `${count} friend requests`,
  newGroup: "New group",
  noChats: "No chats yet. Find a friend first.",
  noMessages: "No messages yet. Say hello.",
  pickChat: "Pick a chat on the left.",
  nothingToPick: "A chat opens here once you have one.",
  back: "Back to the list",
  close: "Close",
  cancel: "Cancel",
  save: "Save",

  findPeople: "Find people",
  findHint: "Nickname, id or phone",
  find: "Find",
  nobodyFound: "Nobody found.",
  add: "Add",
  requested: "Asked",
  requests: "Friend requests",
  accept: "Accept",
  refuse: "Refuse",
  noFriends: "No friends yet. Search for somebody above.",
  message: "Message",
  remove: "Remove",
  removeQuestion: (name: string) => `Remove ${name} from your friends? Your chat and its messages go too.`,
  askedYou: (name: string) => `${name} wants to be your friend.`,
  acceptedYou: (name: string) => `${name} accepted your request.`,
  refusedYou: (name: string) => `${name} declined your request.`,
  removedYou: (name: string) => `${name} ended your friendship.`,

  groupName: "Group name",
  groupNameLength: "A group's name must be 1 to 64 characters long.",
  members: "Members",
  groupNeedsMember: "Pick at least one friend.",
  create: "Create",
  membersCount: (count: number) => `${count} members`,
  addMembers: "Add members",
  nobodyToAdd: "All your friends are in this group.",
  peerTyping: "is typing …",
  typing: (names: string[]) => `${names.join(", ")} ${names.length === 1 ? "is" : "are"} typing …`,
  memberAdded: (names: string[], by: string | undefined) =>
    `${new Intl.ListFormat("en").format(names)} ${names.length === 1 ? "was" : "were"} added by ${by ?? "you"}`,

  writeMessage: "Write a message",
  chatEnded: "This chat has ended. What you wrote is still here to be copied.",
  newMessages: (count: number) => (count === 1 ? "1 new message" : `${count} new messages`),
  tooLong: (length: number, limit: number) =>
    `${length.toLocaleString("en")} characters, and ${limit.toLocaleString("en")} at most can be sent at once. Shorten the message, or send it in parts.`,
  send: "Send",
  sendImage: "Send an image",
  sendFile: "Send a file",
  sending: "Sending …",
  notSent: (why: string) => `Not sent: ${why}`,
  held: "Not sent yet. It goes out by itself once you are connected again.",
  tryAgain: "Try again",
  discard: "Discard",
  image: "Image",
  file: "File",
  voice: "Voice message",
  you: "You",
  download: "Download",
  imageGone: "The image cannot be shown.",
  openImage: "Open image",
  tooLarge: (name: string, limit: string) => `${name} is larger than ${limit}.`,
  emptyFile: (name: string) => `${name} is empty.`,
  unreadable: "The file cannot be read any more.",
  notAnImage: (name: string) => `${name} is no picture. Only PNG, JPEG, GIF and WebP pictures can be sent as images. Send it as a file instead.`,
  loadOlder: "Show older messages",
  today: "Today",
  yesterday: "Yesterday",

  searchMessages: "Search messages",
  searchWord: "Word to search for",
  search: "Search",
  nothingFound: "Nothing found.",
  found: (count: number) => (count === 1 ? "1 message" : `${count} messages`),

  profile: "Profile",
  signature: "Signature",
  signatureLength: "A signature must not be longer than 200 characters.",
  changePicture: "Change picture",
  notAPicture: "This file is not a picture the browser can read.",
  saved: "Saved.",
  logOut: "Log out",
};

export type Texts = typeof en;

const zh: Texts = {
  appName: "聊天",
  language: "语言",
  nickname: "昵称",
  password: "密码",
  logIn: "登录",
  register: "注册",
  toRegister: "没有账号？注册",
  toLogIn: "已有账号？登录",
  nicknameLength: "昵称长度须为 3 到 22 个字符。",
  passwordLength: "密码长度须为 6 到 32 个字符。",
  sessionEnded: "登录已失效，请重新登录。",
  continueAs: (name) => `请以 ${name} 重新登录，然后继续。`,
  otherAccount: "使用其他账号",
  unreachable: "暂时无法连接，请检查网络后重试。",
  configMissing: "页面背后没有演示程序，请用 ./demo.sh 启动。",

  connecting: "正在连接…",
  online: "在线",
  reconnecting: "正在重新连接…",
  resumed: (missed) => (missed === 0 ? "已恢复连接，没有遗漏" : `已恢复连接，补收 ${missed} 条`),
  reloaded: "已恢复连接，列表已刷新",
  stopped: "已断开",
  endReplaced: "聊天已在另一台设备上打开，此处已断开。",
  endTooMany: "同时连接的设备过多，请关闭其中一个后重新连接。",
  endOther: (code) => `网关关闭了连接（${code}）。`,
  connectAgain: "重新连接",

  chats: "聊天",
  friends: "好友",
  unread: (count) => `${count} 条未读`,
  requestsWaiting: (count) => `${count} 个好友申请`,
  newGroup: "新建群聊",
  noChats: "还没有聊天，先添加好友吧。",
  noMessages: "还没有消息，打个招呼吧。",
  pickChat: "请在左侧选择一个聊天。",
  nothingToPick: "有了聊天后，会在这里打开。",
  back: "返回列表",
  close: "关闭",
  cancel: "取消",
  save: "保存",

  findPeople: "查找用户",
  findHint: "昵称、ID 或手机号",
  find: "查找",
  nobodyFound: "没有找到用户。",
  add: "添加",
  requested: "已申请",
  requests: "好友申请",
  accept: "同意",
  refuse: "拒绝",
  noFriends: "还没有好友，请在上方查找。",
  message: "发消息",
  remove: "删除",
  removeQuestion: (name) => `要删除好友 ${name} 吗？聊天和消息会一并删除。`,
  askedYou: (name) => `${name} 想加你为好友。`,
  acceptedYou: (name) => `${name} 同意了你的申请。`,
  refusedYou: (name) => `${name} 拒绝了你的申请。`,
  removedYou: (name) => `${name} 解除了好友关系。`,

  groupName: "群名称",
  groupNameLength: "群名称长度须为 1 到 64 个字符。",
  members: "成员",
  groupNeedsMember: "请至少选择一位好友。",
  create: "创建",
  membersCount: (count) => `${count} 位成员`,
  addMembers: "添加成员",
  nobodyToAdd: "你的好友都已在这个群聊中。",
  peerTyping: "正在输入…",
  typing: (names) => `${names.join("、")} 正在输入…`,
  memberAdded: (names, by) => `${by ?? "你"}邀请 ${names.join("、")} 加入了群聊`,

  writeMessage: "输入消息",
  chatEnded: "聊天已结束。你写的内容仍可复制。",
  newMessages: (count) => `${count} 条新消息`,
  tooLong: (length, limit) => `共 ${length} 个字符，一次最多发送 ${limit} 个。请缩短，或分几次发送。`,
  send: "发送",
  sendImage: "发送图片",
  sendFile: "发送文件",
  sending: "正在发送…",
  notSent: (why) => `未发送：${why}`,
  held: "尚未发送，恢复连接后会自动发送。",
  tryAgain: "重试",
  discard: "放弃",
  image: "图片",
  file: "文件",
  voice: "语音消息",
  you: "我",
  download: "下载",
  imageGone: "图片无法显示。",
  openImage: "查看图片",
  tooLarge: (name, limit) => `${name} 超过 ${limit}。`,
  emptyFile: (name) => `${name} 是空的。`,
  unreadable: "文件已无法读取。",
  notAnImage: (name) => `${name} 不是图片。只有 PNG、JPEG、GIF 和 WebP 能作为图片发送，请改为发送文件。`,
  loadOlder: "查看更早的消息",
  today: "今天",
  yesterday: "昨天",

  searchMessages: "搜索消息",
  searchWord: "要搜索的内容",
  search: "搜索",
  nothingFound: "没有找到消息。",
  found: (count) => `${count} 条消息`,

  profile: "个人资料",
  signature: "签名",
  signatureLength: "签名不能超过 200 个字符。",
  changePicture: "更换头像",
  notAPicture: "浏览器无法读取这张图片。",
  saved: "已保存。",
  logOut: "退出登录",
};

/** The demo's sub-services speak English only; these are the sentences of theirs that a user meets most. */
const sentences: Record<string, string> = {
  "Nickname or password is wrong.": "昵称或密码错误。",
  "This nickname is already taken.": "该昵称已被使用。",
  "A nickname must not begin or end with a space.": "昵称首尾不能有空格。",
  "You have asked already; the answer is still to come.": "你已申请过，请等待对方处理。",
  "This user has asked you already: accept that request instead.": "对方已申请加你为好友，请直接同意。",
  "This friend request does not exist or has been answered already.": "该好友申请不存在或已处理。",
  "Everybody you picked is in this group already.": "所选好友都已在这个群聊中。",
  "You are not a member of this chat.": "你不在这个聊天中。",
};

export type Language = "en" | "zh";

const key = "chat-demo-language";

export let language: Language = readLanguage();
export let t: Texts = language === "zh" ? zh : en;

export function setLanguage(chosen: Language): void {
  localStorage.setItem(key, chosen);
  language = chosen;
  t = chosen === "zh" ? zh : en;
}

/** What goes into Accept-Language and the `lang` of the page. */
export function languageTag(): string {
  return language === "zh" ? "zh-CN" : "en";
}

/** The sentence a user reads when something failed. */
export function explain(error: unknown): string {
  if (!(error instanceof CallError)) {
    throw error;
  }

  if (error.kind === "network") {
    return t.unreachable;
  }

  return (language === "zh" && sentences[error.message]) || error.message;
}

function readLanguage(): Language {
  const saved = localStorage.getItem(key);
  return saved === "en" || saved === "zh" ? saved : navigator.language.startsWith("zh") ? "zh" : "en";
}
