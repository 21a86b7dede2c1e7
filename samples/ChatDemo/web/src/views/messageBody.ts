import { MessageType, type MessageContent } from "../gateway";
import { fill, h } from "../dom";
import { t } from "../i18n";
import type { Model } from "../model";
import { download, pictureUrl } from "../pictures";
import { busy, dialog, sizeOf } from "./parts";

/** What is in a bubble. */
export function messageBody(model: Model, content: MessageContent): HTMLElement {
  switch (content.messageType) {
    case MessageType.STRING:
      return h("span", { className: "text", dir: "auto" }, ...linked(content.stringMessage?.content ?? ""));
    case MessageType.IMAGE:
      return image(model, content.imageMessage?.fileId ?? "");
    case MessageType.FILE:
      return file(model, content);
    case MessageType.SPEECH:
      return h("span", { className: "text" }, t.voice);
  }
}

/** A text whose web addresses can be followed. No other scheme: `javascript:` is one too. */
export function linked(text: string): (Node | string)[] {
  // Odd parts are addresses; what a sentence puts behind one is not part of it.
  return text.split(/(https?:\/\/[^\s<>"]*[^\s<>"'.,;:!?)\]}，。；：！？）」』])/i).map((part, i) =>
    i % 2 === 1 && URL.canParse(part) ? h("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part) : part);
}

function image(model: Model, fileId: string): HTMLElement {
  const frame = h("span", { className: "image" });
  model.getFile(fileId).then((bytes) => {
    const url = pictureUrl(bytes);
    fill(frame, url
      ? h("button", { type: "button", "aria-label": t.openImage, onclick: () => {
          dialog(t.image, "picture", h("img", { src: url, alt: t.image }));
        } }, h("img", { src: url, alt: t.image }))
      : t.imageGone);
  }, () => fill(frame, t.imageGone));
  return frame;
}

function file(model: Model, content: MessageContent): HTMLElement {
  const { fileId, fileName, fileSize } = content.fileMessage!;
  return h("button", { type: "button", className: "file", onclick: (event: Event) => {
    busy(event.currentTarget as HTMLButtonElement, async () => download(await model.getFile(fileId), fileName))
      .catch((error: unknown) => model.report(error));
  } }, h("span", { className: "hidden" }, t.download), h("strong", {}, fileName), h("small", {}, sizeOf(Number(fileSize))));
}
