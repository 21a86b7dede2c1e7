import { h, fill } from "../dom";
import { pictureUrl } from "../pictures";
import { language, languageTag, setLanguage, t, type Language } from "../i18n";

/** A round picture, or the first letter on a colour that belongs to the name. */
export function avatar(name: string, bytes: Uint8Array, size: "small" | "large" = "small"): HTMLElement {
  const url = pictureUrl(bytes);
  if (url) {
    return h("img", { className: `avatar ${size}`, src: url, alt: "" });
  }

  const tone = [...name].reduce((sum, char) => sum + char.codePointAt(0)!, 0) % 6;
  return h("span", { className: `avatar ${size} tone-${tone}`, "aria-hidden": "true" }, [...name][0]?.toUpperCase() ?? "?");
}

/** A name, and what is to be said about it in small. Each has the direction of its own script. */
export function named(name: string, below: string): HTMLElement {
  return h("span", { className: "name", dir: "auto" }, name, h("small", { dir: "auto" }, below));
}

export function badge(count: number, label: string): HTMLElement | false {
  return count > 0 && h("span", { className: "badge", title: label }, h("span", { "aria-hidden": "true" }, count > 99 ? "99+" : String(count)),
    h("span", { className: "hidden" }, label));
}

const icons = {
  back: "M15 5l-7 7 7 7",
  addPeople: "M10 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8M3 20c0-3.5 3-5.5 7-5.5s7 2 7 5.5M19 5v6M16 8h6",
  search: "M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14M16 16l5 5",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01",
  file: "M7 3h7l5 5v13H7zM14 3v5h5",
  send: "M4 12h15M13 6l6 6-6 6",
  close: "M6 6l12 12M18 6L6 18",
} as const;

/** A button that shows a drawing; the label is for everybody who cannot see it, and for the mouse. */
export function iconButton(icon: keyof typeof icons, label: string, onclick: () => void, props: Record<string, unknown> = {}): HTMLButtonElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", icons[icon]);
  svg.append(path);
  return h("button", { type: "button", className: "icon", title: label, "aria-label": label, onclick, ...props }, svg);
}

let fields = 0;

/** A label, its input, and a place for the sentence about a mistake. */
export function field(label: string, props: Record<string, unknown>): { row: HTMLElement; input: HTMLInputElement; fail(text: string): void } {
  const id = `field-${++fields}`;
  const input = h("input", { id, dir: "auto", "aria-describedby": `${id}-error`, ...props });
  const error = h("span", { id: `${id}-error`, className: "error", role: "alert" });
  const fail = (text: string) => {
    fill(error, text);
    input.setAttribute("aria-invalid", String(text !== ""));
    if (text) {
      input.focus();
    }
  };
  input.addEventListener("input", () => fail(""));
  return { row: h("div", { className: "field" }, h("label", { htmlFor: id }, label), input, error), input, fail };
}

/** Keeps a form from being sent twice. */
export async function busy(button: HTMLButtonElement, work: () => Promise<void>): Promise<void> {
  button.disabled = true;
  try {
    await work();
  } finally {
    button.disabled = false;
  }
}

/** A modal dialog that takes itself away when it is closed. */
export function dialog(title: string, className: string, ...children: Node[]): HTMLDialogElement {
  const box = h("dialog", { className, "aria-label": title, onclose: () => box.remove() },
    h("header", {}, h("h2", {}, title), iconButton("close", t.close, () => box.close())), ...children);
  document.body.append(box);
  box.showModal();
  box.querySelector<HTMLElement>("form input")?.focus();
  return box;
}

/** Asks yes or no. */
export function confirm(question: string, yes: string): Promise<boolean> {
  return new Promise((resolve) => {
    const box = dialog(yes, "confirm", h("p", {}, question), h("footer", {},
      h("button", { type: "button", onclick: () => box.close() }, t.cancel),
      h("button", { type: "button", className: "danger", onclick: () => box.close("yes") }, yes)));
    box.addEventListener("close", () => resolve(box.returnValue === "yes"));
  });
}

export function languageSwitch(onSwitch: () => void): HTMLElement {
  const select = h("select", { "aria-label": t.language }, h("option", { value: "en", lang: "en" }, "English"),
    h("option", { value: "zh", lang: "zh-CN" }, "中文"));
  select.value = language;
  select.addEventListener("change", () => {
    setLanguage(select.value as Language);
    onSwitch();
  });
  return select;
}

/** A time as people say it; the mouse finds the whole date. */
export function time(timestamp: bigint, text: string): HTMLElement {
  const date = new Date(Number(timestamp) * 1000);
  const title = new Intl.DateTimeFormat(languageTag(), { dateStyle: "full", timeStyle: "medium" }).format(date);
  return h("time", { dateTime: date.toISOString(), title }, text);
}

export function timeOf(timestamp: bigint): string {
  return new Intl.DateTimeFormat(languageTag(), { hour: "2-digit", minute: "2-digit" }).format(Number(timestamp) * 1000);
}

export function dayOf(timestamp: bigint): string {
  const date = new Date(Number(timestamp) * 1000);
  const yesterday = new Date();
  yesterday.setDate(yesterday.getDate() - 1);
  if (date.toDateString() === new Date().toDateString()) {
    return t.today;
  }

  return date.toDateString() === yesterday.toDateString()
    ? t.yesterday
    : new Intl.DateTimeFormat(languageTag(), { dateStyle: "medium" }).format(date);
}

export function sizeOf(bytes: number): string {
  const units = ["B", "KiB", "MiB"];
  const unit = bytes < 1024 ? 0 : bytes < 1024 * 1024 ? 1 : 2;
  return `${(bytes / 1024 ** unit).toLocaleString(languageTag(), { maximumFractionDigits: 1 })} ${units[unit]}`;
}
