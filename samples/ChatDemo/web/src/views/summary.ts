import { MessageType, type MessageInfo } from "../gateway";
import { t } from "../i18n";

/** A message in one line. */
export function summary(message: MessageInfo, me: string, isSingle: boolean): string {
  const content = message.message;
  const text = {
    [MessageType.STRING]: content?.stringMessage?.content ?? "",
    [MessageType.IMAGE]: `[${t.image}]`,
    [MessageType.FILE]: `[${t.file}] ${content?.fileMessage?.fileName ?? ""}`,
    [MessageType.SPEECH]: `[${t.voice}]`,
  }[content?.messageType ?? MessageType.STRING];
  if (message.sender?.userId === me) {
    return `${t.you}: ${text}`;
  }

  return isSingle ? text : `${message.sender?.nickname}: ${text}`;
}
