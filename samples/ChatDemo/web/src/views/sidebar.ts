import type { FriendEvent, UserInfo } from "../gateway";
import { fill, h, list, type Row } from "../dom";
import { t } from "../i18n";
import type { Chat, Connection, Model } from "../model";
import { pictureUrl } from "../pictures";
import { avatar, badge, busy, confirm, dayOf, named, time, timeOf } from "./parts";
import { summary } from "./summary";
import { groupDialog } from "./dialogs";

export interface View {
  element: HTMLElement;
  update(): void;
}

export function sidebar(model: Model, onProfile: () => void): View {
  let tab: "chats" | "friends" = "chats";
  const me = h("button", { type: "button", className: "me", title: t.profile, onclick: onProfile });
  const light = connectionLight(model);
  const tabs = h("div", { className: "tabs", role: "tablist", onkeydown: (event: KeyboardEvent) => {
    const other = tab === "chats" ? "friends" : "chats";
    const chosen = ({ ArrowLeft: other, ArrowRight: other, Home: "chats", End: "friends" } as const)[event.key];
    if (chosen) {
      event.preventDefault();
      show(chosen);
      tabs.querySelector<HTMLElement>(`#tab-${chosen}`)?.focus();
    }
  } });
  const chats = chatList(model, () => {
    show("friends");
    friends.focus();
  });
  const friends = friendList(model, () => show("chats"));
  const show = (chosen: typeof tab) => {
    tab = chosen;
    update();
  };

  const update = () => {
    fill(me, h("span", { className: "hidden" }, t.profile), avatar(model.me.nickname, model.me.avatar), named(model.me.nickname, model.me.description));
    light.update();
    list(tabs, [tabRow("chats", t.chats, model.unread, t.unread(model.unread)),
      tabRow("friends", t.friends, model.requests.length, t.requestsWaiting(model.requests.length))]);
    chats.element.hidden = tab !== "chats";
    friends.element.hidden = tab !== "friends";
    chats.update();
    friends.update();
  };

  const tabRow = (name: typeof tab, label: string, count: number, countLabel: string): Row => ({
    key: name,
    content: [label, count, tab],
    build: () => h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-selected": String(tab === name), "aria-controls": `panel-${name}`,
      tabIndex: tab === name ? 0 : -1, onclick: () => show(name) }, label, badge(count, countLabel)),
  });

  return { element: h("section", { className: "sidebar" }, h("header", {}, me, light.element), tabs, chats.element, friends.element), update };
}

function connectionLight(model: Model): View {
  const element = h("div", { className: "light", role: "status" });
  const update = () => {
    const words: Record<Connection, string> = {
      connecting: t.connecting, online: t.online, reconnecting: t.reconnecting, resumed: t.resumed(model.missed), reloaded: t.reloaded, stopped: t.stopped,
    };
    const text = words[model.connection];
    if (element.textContent !== text) {
      element.dataset.state = model.connection;
      fill(element, h("span", { className: "dot", "aria-hidden": "true" }), text);
    }
  };

  return { element, update };
}

function chatList(model: Model, onFind: () => void): View {
  const rows = h("ul", {});
  const empty = h("p", { className: "empty" }, h("button", { type: "button", className: "link", onclick: onFind }, t.noChats));
  const element = h("section", { id: "panel-chats", role: "tabpanel", "aria-labelledby": "tab-chats" },
    h("div", { className: "bar" }, h("button", { type: "button", className: "link", onclick: () => groupDialog(model) }, `+ ${t.newGroup}`)), rows, empty);
  const update = () => {
    list(rows, model.sortedChats.map((chat) => chatRow(model, chat)));
    empty.hidden = !model.loaded || model.chats.size > 0;
  };

  return { element, update };
}

function chatRow(model: Model, chat: Chat): Row {
  const last = chat.last ? summary(chat.last, model.me.userId, chat.peerId !== "") : "";
  const when = chat.last && (dayOf(chat.last.timestamp) === t.today ? timeOf(chat.last.timestamp) : dayOf(chat.last.timestamp));
  const current = chat === model.current;
  return {
    key: chat.id,
    content: [chat.name, last, when, chat.unread, current, pictureUrl(chat.avatar)],
    build: () => h("li", {}, h("button", { type: "button", className: "row", "aria-current": current && "true", onclick: () => {
      model.open(chat).catch((error: unknown) => model.report(error));
    } }, avatar(chat.name, chat.avatar), named(chat.name, last),
    h("span", { className: "side" }, chat.last && time(chat.last.timestamp, when!), badge(chat.unread, t.unread(chat.unread))))),
  };
}

function friendList(model: Model, onChat: () => void): View & { focus(): void } {
  let found: UserInfo[] | undefined;
  const results = h("ul", {});
  const nobody = h("p", { className: "empty", role: "status" });
  const input = h("input", { type: "search", placeholder: t.findHint, "aria-label": t.findPeople });
  const find = h("button", {}, t.find);
  const requests = h("ul", {});
  const requestsTitle = h("h2", {}, t.requests);
  const rows = h("ul", {});
  const empty = h("p", { className: "empty" }, t.noFriends);

  const search = async () => {
    const key = input.value.trim();
    found = key ? await model.findPeople(key) : undefined;
    update();
  };
  const act = (button: EventTarget | null, work: () => Promise<void>) => {
    busy(button as HTMLButtonElement, work).catch((error: unknown) => model.report(error));
  };

  const update = () => {
    const strangers = (found ?? []).filter((user) => !model.friends.some((friend) => friend.userId === user.userId));
    list(results, strangers.map((user) => personRow(user, model.asked.has(user.userId), () => [
      h("button", { type: "button", disabled: model.asked.has(user.userId), onclick: (event: Event) =>
        act(event.currentTarget, () => model.requestFriend(user)) }, model.asked.has(user.userId) ? t.requested : t.add),
    ])));
    fill(nobody, found?.length === 0 && t.nobodyFound);
    requestsTitle.hidden = model.requests.length === 0;
    list(requests, model.requests.map((request) => requestRow(model, request, act)));
    list(rows, model.friends.map((user) => personRow(user, null, () => [
      h("button", { type: "button", onclick: () => {
        onChat();
        model.openWith(user).catch((error: unknown) => model.report(error));
      } }, t.message),
      h("button", { type: "button", className: "quiet", onclick: async (event: Event) => {
        const button = event.currentTarget;
        if (await confirm(t.removeQuestion(user.nickname), t.remove)) {
          act(button, () => model.removeFriend(user));
        }
      } }, t.remove),
    ])));
    empty.hidden = model.friends.length > 0;
  };

  const form = h("form", { role: "search", className: "find", onsubmit: (event: Event) => {
    event.preventDefault();
    act(find, search);
  } }, input, find);
  const element = h("section", { id: "panel-friends", role: "tabpanel", "aria-labelledby": "tab-friends" },
    form, results, nobody, requestsTitle, requests, h("h2", {}, t.friends), rows, empty);
  return { element, update, focus: () => input.focus() };
}

function requestRow(model: Model, request: FriendEvent, act: (button: EventTarget | null, work: () => Promise<void>) => void): Row {
  return personRow(request.sender!, null, () => [
    h("button", { type: "button", className: "primary", onclick: (event: Event) => act(event.currentTarget, () => model.answerRequest(request, true)) }, t.accept),
    h("button", { type: "button", onclick: (event: Event) => act(event.currentTarget, () => model.answerRequest(request, false)) }, t.refuse),
  ]);
}

function personRow(user: UserInfo, state: unknown, buttons: () => HTMLElement[]): Row {
  return {
    key: user.userId,
    content: [user.nickname, user.description, pictureUrl(user.avatar), state],
    build: () => h("li", { className: "row person" }, avatar(user.nickname, user.avatar),
      named(user.nickname, user.description), h("span", { className: "actions" }, ...buttons())),
  };
}
