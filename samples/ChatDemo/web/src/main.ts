import "./style.css";
import { CallError } from "gateway-client";
import { loadConfig, type Config } from "./config";
import { fill, h } from "./dom";
import { explain, languageTag, t } from "./i18n";
import { Model } from "./model";
import { conversation } from "./views/conversation";
import { profileDialog, sessionDialog } from "./views/dialogs";
import { loginView } from "./views/login";
import { sidebar } from "./views/sidebar";

const sessionKey = "chat-demo-session";
const noticeTime = 6_000;

const page = document.querySelector("#page")!;
const notices = h("div", { className: "notices", role: "status" });
let model: Model | undefined;

function nameThePage(): void {
  document.documentElement.lang = languageTag();
  document.title = model?.unread ? `(${model.unread}) ${t.appName}` : t.appName;
}

function notice(text: string): void {
  const line = h("p", {}, text);
  notices.append(line);
  setTimeout(() => line.remove(), noticeTime);
}

/** The id in the address; undefined until the lists are there. */
let named: string | undefined;

/** The address names the open chat: a reload keeps it, and the browser's Back closes it. */
function nameTheChat(chat: Model): void {
  if (!chat.loaded) {
    return;
  }

  if (named === undefined) {
    named = location.hash.slice(1);
    goToAddress(chat);
  }

  const open = chat.current?.id ?? "";
  if (open === named) {
    return;
  }

  if (open) {
    history[named ? "replaceState" : "pushState"]({ isOpened: true }, "", `#${open}`);
  } else if ((history.state as { isOpened: boolean } | null)?.isOpened) {
    history.back();
  } else {
    history.replaceState(null, "", location.pathname);
  }

  named = open;
}

function goToAddress(chat: Model): void {
  chat.open(chat.chats.get(location.hash.slice(1))).catch((error: unknown) => chat.report(error));
}

function showLogin(config: Config, text: string): void {
  if (model) {
    model.leave();
    model = undefined;
    history.replaceState(null, "", location.pathname);
  }

  named = undefined;
  document.querySelectorAll("dialog").forEach((dialog) => dialog.remove());
  localStorage.removeItem(sessionKey);
  const candidate = new Model(config);
  const show = (why: string) => {
    nameThePage();
    fill(page, loginView(candidate, why, async (sessionId) => {
      await enter(config, candidate, sessionId);
      page.querySelector<HTMLElement>("[role=tab]")?.focus();
    }, () => show("")));
    page.querySelector("input")?.focus();
  };
  show(text);
}

async function enter(config: Config, candidate: Model, sessionId: string): Promise<void> {
  await candidate.enter(sessionId);
  localStorage.setItem(sessionKey, sessionId);
  model = candidate;
  showChat(config, candidate);
}

function showChat(config: Config, chat: Model): void {
  const askForPassword = () => {
    sessionDialog(chat, (sessionId) => {
      localStorage.setItem(sessionKey, sessionId);
      chat.resumeWith(sessionId);
    }, () => showLogin(config, ""));
  };

  const draw = () => {
    const side = sidebar(chat, () => profileDialog(chat, draw, () => showLogin(config, "")));
    const main = conversation(chat);
    const ended = h("div", { className: "banner", role: "alert" });
    const shell = h("main", { className: "shell" }, h("h1", { className: "hidden" }, t.appName), side.element, main.element);
    fill(page, ended, shell);
    const update = () => {
      nameThePage();
      nameTheChat(chat);
      shell.classList.toggle("open", chat.current !== undefined);
      side.update();
      main.update();
      showEnd(ended, chat);
      if (chat.sessionEnded && !document.querySelector("dialog.session")) {
        askForPassword();
      }
    };

    // Several changes at once are drawn once.
    let due = false;
    chat.onChange = () => {
      if (!due && model === chat) {
        due = true;
        queueMicrotask(() => {
          due = false;
          update();
        });
      }
    };
    update();
  };

  chat.onNotice = notice;
  draw();
}

function showEnd(banner: HTMLElement, chat: Model): void {
  banner.hidden = chat.connection !== "stopped";
  const code = chat.end?.code;
  const text = code === 4409 ? t.endReplaced : code === 4429 ? t.endTooMany : t.endOther(code ?? 0);
  fill(banner, text, h("button", { type: "button", onclick: () => chat.connectAgain() }, t.connectAgain));
}

function showTrouble(text: string, cure?: HTMLElement): void {
  fill(page, h("main", { className: "empty" }, h("h1", {}, t.appName), h("p", { role: "alert" }, text), cure));
}

async function start(): Promise<void> {
  document.body.append(notices);
  nameThePage();
  let config: Config;
  try {
    config = await loadConfig();
  } catch {
    showTrouble(t.configMissing);
    return;
  }

  addEventListener("popstate", () => {
    if (model?.loaded) {
      named = location.hash.slice(1);
      goToAddress(model);
    }
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && model?.current) {
      const chat = model;
      chat.open(chat.current).catch((error: unknown) => chat.report(error));
    }
  });

  // All tabs are the same user's: they come and go together.
  addEventListener("storage", ({ key, newValue }) => {
    if (key !== sessionKey) {
      return;
    }

    if (!newValue) {
      showLogin(config, "");
    } else if (model) {
      document.querySelector("dialog.session")?.remove();
      model.resumeWith(newValue);
    } else {
      void comeBack(config, newValue);
    }
  });
  const saved = localStorage.getItem(sessionKey);
  if (!saved) {
    showLogin(config, "");
    return;
  }

  await comeBack(config, saved);
}

/** With the session of the last visit. Only the gateway's word ends it; a network that is down does not. */
async function comeBack(config: Config, sessionId: string): Promise<void> {
  try {
    await enter(config, new Model(config), sessionId);
  } catch (error) {
    if (error instanceof CallError && error.kind === "network") {
      showTrouble(explain(error), h("button", { type: "button", onclick: () => void comeBack(config, sessionId) }, t.tryAgain));
    } else {
      showLogin(config, explain(error));
    }
  }
}

await start();
