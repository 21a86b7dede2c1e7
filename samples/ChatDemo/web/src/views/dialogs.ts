import { h, fill } from "../dom";
import { explain, t } from "../i18n";
import type { UserInfo } from "../gateway";
import type { Chat, Model } from "../model";
import { toAvatar } from "../pictures";
import { avatar, busy, dialog, field, languageSwitch } from "./parts";

export function profileDialog(model: Model, onLanguage: () => void, onLogOut: () => void): void {
  const picture = h("div", {}, avatar(model.me.nickname, model.me.avatar, "large"));
  const nickname = field(t.nickname, { value: model.me.nickname, maxLength: 64 });
  const signature = field(t.signature, { value: model.me.description, maxLength: 400 });
  const state = h("p", { className: "state", role: "status" });
  const chooser = h("input", { type: "file", accept: "image/*", hidden: true, "aria-label": t.changePicture });
  chooser.addEventListener("change", async () => {
    const bytes = chooser.files![0] && (await toAvatar(chooser.files![0]));
    chooser.value = "";
    if (!bytes) {
      fill(state, t.notAPicture);
      return;
    }

    await attempt(() => model.setAvatar(bytes));
    fill(picture, avatar(model.me.nickname, model.me.avatar, "large"));
  });

  const attempt = async (work: () => Promise<void>) => {
    fill(state);
    try {
      await work();
      fill(state, t.saved);
    } catch (error) {
      fill(state, explain(error));
    }
  };

  const save = h("button", { className: "primary" }, t.save);
  const submit = async () => {
    const [name, text] = [nickname.input.value.trim(), signature.input.value.trim()];
    if (name.length < 3 || name.length > 22) {
      nickname.fail(t.nicknameLength);
    } else if (text.length > 200) {
      signature.fail(t.signatureLength);
    } else {
      await attempt(async () => {
        if (name !== model.me.nickname) {
          await model.setNickname(name);
        }

        if (text !== model.me.description) {
          await model.setSignature(text);
        }
      });
    }
  };

  const box = dialog(t.profile, "profile",
    h("div", { className: "picture" }, picture, h("button", { type: "button", onclick: () => chooser.click() }, t.changePicture), chooser),
    h("form", { noValidate: true, onsubmit: (event: Event) => {
      event.preventDefault();
      void busy(save, submit);
    } }, nickname.row, signature.row, state, h("footer", {},
      languageSwitch(() => {
        box.close();
        onLanguage();
      }),
      h("button", { type: "button", onclick: () => {
        box.close();
        onLogOut();
      } }, t.logOut), save)));
}

export function groupDialog(model: Model): void {
  const name = field(t.groupName, { maxLength: 100 });
  const friends = friendPicker(model.friends);
  const error = h("p", { className: "error", role: "alert" });
  const create = h("button", { className: "primary" }, t.create);
  const submit = async () => {
    const members = friends.picked();
    const title = name.input.value.trim();
    fill(error);
    if (title.length === 0 || title.length > 64) {
      name.fail(t.groupNameLength);
    } else if (members.length === 0) {
      fill(error, t.groupNeedsMember);
    } else {
      try {
        const open = await model.createGroup(title, members);
        box.close();
        open();
      } catch (failure) {
        fill(error, explain(failure));
      }
    }
  };

  const box = dialog(t.newGroup, "group", h("form", { noValidate: true, onchange: () => fill(error), onsubmit: (event: Event) => {
    event.preventDefault();
    void busy(create, submit);
  } }, name.row, friends.element, error, h("footer", {}, create)));
}

/** Brings friends into a group that there is already. */
export function addMembersDialog(model: Model, chat: Chat): void {
  const friends = friendPicker(model.friends.filter((friend) => !chat.members?.some((member) => member.userId === friend.userId)));
  const error = h("p", { className: "error", role: "alert" });
  const add = h("button", { className: "primary" }, t.add);
  const submit = async () => {
    const members = friends.picked();
    fill(error);
    if (members.length === 0) {
      fill(error, t.groupNeedsMember);
    } else {
      try {
        await model.addMembers(chat, members);
        box.close();
      } catch (failure) {
        fill(error, explain(failure));
      }
    }
  };

  const box = dialog(t.addMembers, "group", friends.isEmpty
    ? h("p", { className: "empty" }, t.nobodyToAdd)
    : h("form", { noValidate: true, onchange: () => fill(error), onsubmit: (event: Event) => {
        event.preventDefault();
        void busy(add, submit);
      } }, friends.element, error, h("footer", {}, add)));
}

function friendPicker(friends: UserInfo[]) {
  const boxes = friends.map((friend) => ({ friend, input: h("input", { type: "checkbox", value: friend.userId }) }));
  return {
    isEmpty: friends.length === 0,
    element: h("fieldset", {}, h("legend", {}, t.friends), ...boxes.map(({ friend, input }) =>
      h("label", { className: "check" }, input, avatar(friend.nickname, friend.avatar), friend.nickname))),
    picked: () => boxes.filter(({ input }) => input.checked).map(({ friend }) => friend.userId),
  };
}

/** Asks for the password again, over whatever the user was doing. */
export function sessionDialog(model: Model, onSession: (sessionId: string) => void, onOther: () => void): void {
  const password = field(t.password, { type: "password", autocomplete: "current-password" });
  const again = h("button", { className: "primary" }, t.logIn);
  const submit = async () => {
    try {
      const sessionId = await model.logIn(model.me.nickname, password.input.value);
      done = true;
      box.close();
      onSession(sessionId);
    } catch (failure) {
      password.fail(explain(failure));
    }
  };

  let done = false;
  const box = dialog(t.sessionEnded, "session", h("form", { noValidate: true, onsubmit: (event: Event) => {
    event.preventDefault();
    void busy(again, submit);
  } }, h("p", {}, t.continueAs(model.me.nickname)), password.row, h("footer", {},
    h("button", { type: "button", onclick: () => box.close() }, t.otherAccount), again)));
  box.addEventListener("close", () => {
    if (!done) {
      onOther();
    }
  });
}
