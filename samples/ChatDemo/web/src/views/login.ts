import { routes } from "../gateway";
import { h, fill } from "../dom";
import { explain, t } from "../i18n";
import type { Model } from "../model";
import { busy, field, languageSwitch } from "./parts";

/** The page before a login. `notice` says why the user is here, if not by choice. */
export function loginView(model: Model, notice: string, onEnter: (sessionId: string) => Promise<void>, onLanguage: () => void): HTMLElement {
  let registering = false;
  const nickname = field(t.nickname, { autocomplete: "username", maxLength: 64 });
  const password = field(t.password, { type: "password", autocomplete: "current-password", maxLength: 64 });
  const error = h("p", { className: "error", role: "alert" }, notice);
  const submit = h("button", { className: "primary" }, t.logIn);
  const toggle = h("button", { type: "button", className: "link", onclick: () => {
    registering = !registering;
    fill(submit, registering ? t.register : t.logIn);
    fill(toggle, registering ? t.toLogIn : t.toRegister);
    fill(error);
    password.input.autocomplete = registering ? "new-password" : "current-password";
  } }, t.toRegister);

  const enter = async () => {
    fill(error);
    const [name, secret] = [nickname.input.value.trim(), password.input.value];
    if (name.length < 3 || name.length > 22) {
      nickname.fail(t.nicknameLength);
    } else if (secret.length < 6 || secret.length > 32) {
      password.fail(t.passwordLength);
    } else {
      try {
        if (registering) {
          await model.client.call(routes.register, { nickname: name, password: secret });
        }

        await onEnter(await model.logIn(name, secret));
      } catch (failure) {
        fill(error, explain(failure));
      }
    }
  };

  return h("main", { className: "login" },
    h("form", { noValidate: true, onsubmit: (event: Event) => {
      event.preventDefault();
      void busy(submit, enter);
    } },
    h("h1", {}, t.appName), nickname.row, password.row, error, submit, toggle),
    languageSwitch(onLanguage));
}
