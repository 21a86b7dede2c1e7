import { type MessageInfo, type UserInfo } from "../gateway";
import { fill, h, list, type Row } from "../dom";
import { t } from "../i18n";
import { maxTextLength, type Addition, type Chat, type Model, type Outgoing } from "../model";
import { addMembersDialog } from "./dialogs";
import { pictureUrl } from "../pictures";
import { avatar, dayOf, dialog, iconButton, named, time, timeOf } from "./parts";
import { messageBody } from "./messageBody";
import type { View } from "./sidebar";

/** How near to an end of the messages counts as being there, in pixels. */
const near = 80;

export function conversation(model: Model): View {
  const element = h("section", { className: "conversation" });
  const nothing = h("p", { className: "empty" });
  let shown: Chat | undefined;
  let inner: ReturnType<typeof chatView> | undefined;
  const update = () => {
    if (model.current !== shown || !element.firstChild) {
      shown = model.current;
      inner = shown && chatView(model, shown);
      fill(element, inner?.element ?? nothing);
      inner?.focus();
    }

    fill(nothing, model.chats.size > 0 ? t.pickChat : model.loaded && t.nothingToPick);
    inner?.update();
  };

  return { element, update };
}

function chatView(model: Model, chat: Chat) {
  const title = h("h2", { dir: "auto" });
  const picture = h("span", {});
  const people = h("ul", {});
  const members = h("button", { type: "button", className: "link", onclick: () => void dialog(t.members, "members", people) });
  const typing = h("small", { className: "typing", role: "status" });
  const rows = h("ol", {});
  const empty = h("p", { className: "empty" }, t.noMessages);
  const older = h("button", { type: "button", className: "link older", onclick: () => void showOlder() }, t.loadOlder);
  const scroller = h("div", { className: "messages", role: "log", "aria-label": t.chats, tabIndex: 0 }, older, rows, empty);
  const searchPanel = messageSearch(model, chat, (message) => void reach(message));
  const news = h("button", { type: "button", className: "news primary", hidden: true, onclick: () => {
    atEnd = true;
    settle();
    composing.focus();
  } });
  let atEnd = true;
  let loading = false;

  const report = (error: unknown) => model.report(error);
  const showOlder = async () => {
    if (loading || !chat.messages || chat.complete) {
      return;
    }

    loading = true;
    const height = scroller.scrollHeight;
    try {
      await model.loadOlder(chat);
      update();
      scroller.scrollTop += scroller.scrollHeight - height;
    } catch (error) {
      report(error);
    } finally {
      loading = false;
    }
  };
  const reach = async (message: MessageInfo) => {
    loading = true;
    atEnd = false;
    try {
      await model.reach(chat, message.messageId);
      update();
      const row = rows.querySelector(`[data-id="${CSS.escape(message.messageId)}"]`);
      row?.scrollIntoView({ block: "center" });
      row?.classList.add("found");
    } catch (error) {
      report(error);
    } finally {
      loading = false;
    }
  };

  // Whoever is at the end stays there, whatever grows or shrinks. A picture takes its room only once it is there.
  let size = "";
  const sizeNow = () => `${scroller.scrollHeight} ${scroller.clientHeight}`;
  const settle = () => {
    if (atEnd) {
      scroller.scrollTop = scroller.scrollHeight;
    }

    size = sizeNow();
    showNews();
  };
  const observer = new ResizeObserver(settle);
  observer.observe(rows);
  observer.observe(scroller);
  let seen = "";
  const showNews = () => {
    const messages = chat.messages ?? [];
    seen = atEnd ? messages.at(-1)?.messageId ?? "" : seen;
    const from = messages.findIndex((message) => message.messageId === seen);
    const count = from < 0 ? 0 : messages.slice(from + 1).filter((message) => message.sender!.userId !== model.me.userId).length;
    news.hidden = count === 0;
    fill(news, t.newMessages(count));
  };
  scroller.addEventListener("scroll", () => {
    if (size === sizeNow()) {
      atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < near;
      showNews();
    }

    if (scroller.scrollTop < near) {
      void showOlder();
    }
  });
  let sent = 0;
  const update = () => {
    fill(title, chat.name);
    list(picture, [{ key: "", content: [chat.name, pictureUrl(chat.avatar)], build: () => avatar(chat.name, chat.avatar) }]);
    showMembers(members, people, chat.members);
    fill(typing, chat.typing.size > 0 && (chat.peerId ? t.peerTyping : t.typing([...chat.typing.values()])));
    list(rows, messageRows(model, chat));
    empty.hidden = !chat.messages || rows.childElementCount > 0;
    older.hidden = !chat.messages || chat.complete;
    const newest = chat.outgoing.at(-1)?.id ?? sent;
    atEnd ||= newest > sent;
    sent = newest;
    composing.update();
    settle();
  };

  const composing = composer(model, chat, report);
  const element = h("div", { className: "chat" },
    h("header", {},
      iconButton("back", t.back, () => void model.open(undefined), { className: "icon back" }),
      picture,
      h("div", { className: "name" }, title, !chat.peerId && h("small", {}, members), typing),
      !chat.peerId && iconButton("addPeople", t.addMembers, () => addMembersDialog(model, chat)),
      iconButton("search", t.searchMessages, () => searchPanel.toggle())),
    searchPanel.element, scroller, news, composing.element);
  if (!chat.peerId) {
    model.loadMembers(chat).catch(report);
  }

  return { element, update, focus: composing.focus };
}

function showMembers(button: HTMLButtonElement, people: HTMLElement, members: UserInfo[] = []): void {
  button.hidden = members.length === 0;
  button.title = members.map((user) => user.nickname).join(", ");
  fill(button, t.membersCount(members.length));
  list(people, members.map((user) => ({
    key: user.userId,
    content: [user.nickname, user.description, pictureUrl(user.avatar)],
    build: () => h("li", { className: "row person" },
      avatar(user.nickname, user.avatar), named(user.nickname, user.description)),
  })));
}

function messageRows(model: Model, chat: Chat): Row[] {
  const rows = additionRows(model, chat, "");
  let day = "";
  for (const message of chat.messages ?? []) {
    if (dayOf(message.timestamp) !== day) {
      day = dayOf(message.timestamp);
      const text = day;
      rows.push({ key: `day ${text}`, content: text, build: () => h("li", { className: "day" }, text) });
    }

    rows.push(messageRow(model, chat, message), ...additionRows(model, chat, message.messageId));
  }

  return [...rows, ...chat.outgoing.map((message) => outgoingRow(model, chat, message))];
}

function additionRows(model: Model, chat: Chat, after: string): Row[] {
  const text = ({ names, by }: Addition) => t.memberAdded(names, by.userId === model.me.userId ? undefined : by.nickname);
  return chat.additions.flatMap((addition, i) => addition.after !== after ? [] : {
    key: `addition ${i}`,
    content: text(addition),
    build: () => h("li", { className: "note" }, text(addition)),
  });
}

function messageRow(model: Model, chat: Chat, message: MessageInfo): Row {
  const sender = message.sender!;
  const mine = sender.userId === model.me.userId;
  return {
    key: message.messageId,
    content: [sender.nickname, pictureUrl(sender.avatar)],
    build: () => {
      const row = h("li", { className: mine ? "message mine" : "message" },
        !mine && avatar(sender.nickname, sender.avatar),
        h("div", { className: "bubble" }, !mine && !chat.peerId && h("span", { className: "sender", dir: "auto" }, sender.nickname),
          messageBody(model, message.message!), time(message.timestamp, timeOf(message.timestamp))));
      row.dataset.id = message.messageId;
      return row;
    },
  };
}

function outgoingRow(model: Model, chat: Chat, message: Outgoing): Row {
  const error = message.error ? t.notSent(message.error) : (chat.held || model.sessionEnded) && t.held;
  return {
    key: `outgoing ${message.id}`,
    content: [error, Math.round(message.progress * 100)],
    build: () => h("li", { className: "message mine outgoing" }, h("div", { className: "bubble" },
      h("span", { className: "text", dir: "auto" }, message.text),
      message.file && !error && h("progress", { value: message.progress, max: 1, "aria-label": t.sending }),
      error
        ? h("span", { className: "error", role: "alert" }, error)
        : h("small", {}, t.sending),
      error && h("button", { type: "button", className: "link", onclick: () => void model.sendAgain(chat, message) }, t.tryAgain),
      (error || message.file) && h("button", { type: "button", className: "link", onclick: () => model.discard(chat, message) },
        error ? t.discard : t.cancel))),
  };
}

function composer(model: Model, chat: Chat, report: (error: unknown) => void) {
  const text = h("textarea", { rows: 1, dir: "auto", placeholder: t.writeMessage, "aria-label": t.writeMessage, value: chat.draft });
  const state = h("p", { className: "error", role: "status" });
  const sender = iconButton("send", t.send, () => undefined, { type: "submit", className: "icon primary" });
  const send = () => {
    const words = text.value.trim();
    if (words.length > maxTextLength || chat.ended) {
      return;
    }

    if (words) {
      text.value = chat.draft = "";
      void model.sendText(chat, words);
    }

    grow();
    text.focus();
  };
  const grow = () => {
    // For browsers without field-sizing.
    text.rows = Math.min(6, text.value.split("\n").length);
    const length = text.value.trim().length;
    const isTooLong = length > maxTextLength;
    sender.disabled = isTooLong || chat.ended;
    text.readOnly = images.disabled = files.disabled = chat.ended;
    fill(state, chat.ended ? t.chatEnded : isTooLong && t.tooLong(length, maxTextLength));
  };
  const sendFiles = async (files: Iterable<File>, asImage: boolean) => {
    text.focus();
    for (const file of files) {
      await model.sendFile(chat, file, asImage);
    }
  };
  const chooser = (label: string, accept: string, asImage: boolean) => {
    const input = h("input", { type: "file", accept, multiple: true, hidden: true, "aria-label": label });
    input.addEventListener("change", () => {
      sendFiles([...input.files!], asImage).catch(report);
      input.value = "";
    });
    return input;
  };

  const images = chooser(t.sendImage, "image/png,image/jpeg,image/gif,image/webp", true);
  const files = chooser(t.sendFile, "", false);
  text.addEventListener("input", () => {
    chat.draft = text.value;
    model.wrote(chat);
    grow();
  });
  text.addEventListener("keydown", (event) => {
    // While an input method composes, Enter picks a word.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    }
  });
  text.addEventListener("paste", (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (pasted.length > 0) {
      event.preventDefault();
      sendFiles(pasted, true).catch(report);
    }
  });
  const element = h("form", { className: "composer", onsubmit: (event: Event) => {
    event.preventDefault();
    send();
  } },
  iconButton("image", t.sendImage, () => images.click()), iconButton("file", t.sendFile, () => files.click()), images, files,
  text, sender, state);
  return { element, update: grow, focus: () => text.focus() };
}

function messageSearch(model: Model, chat: Chat, onPick: (message: MessageInfo) => void) {
  const input = h("input", { type: "search", placeholder: t.searchWord, "aria-label": t.searchWord });
  const state = h("p", { className: "state", role: "status" });
  const results = h("ul", {});
  const search = async () => {
    const key = input.value.trim();
    if (!key) {
      input.focus();
      return;
    }

    try {
      const found = await model.searchMessages(chat, key);
      fill(state, found.length === 0 ? t.nothingFound : t.found(found.length));
      list(results, found.reverse().map((message) => ({
        key: message.messageId,
        content: key,
        build: () => h("li", {}, h("button", { type: "button", className: "row", onclick: () => onPick(message) },
          named(message.sender!.nickname, message.message!.stringMessage!.content),
          time(message.timestamp, `${dayOf(message.timestamp)} ${timeOf(message.timestamp)}`))),
      })));
    } catch (error) {
      model.report(error);
    }
  };

  const element = h("section", { className: "search", role: "search", "aria-label": t.searchMessages, hidden: true }, h("form", { className: "find", onsubmit: (event: Event) => {
    event.preventDefault();
    void search();
  } }, input, h("button", {}, t.search)), state, results);
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      element.hidden = true;
    }
  });
  const toggle = () => {
    element.hidden = !element.hidden;
    if (!element.hidden) {
      input.focus();
    }
  };

  return { element, toggle };
}
