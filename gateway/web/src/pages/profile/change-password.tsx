import { useState } from "preact/hooks";
import { api } from "../../api/client";
import { queries, useMe } from "../../api/queries";
import { said, texts } from "../../texts/language";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/button";
import { Form, sorted } from "../../ui/form";
import { Notice } from "../../ui/notice";
import "../login/login.css";
import { PasswordField } from "../login/password-field";
import { sessions } from "./queries";

const TEXTS = texts({
  nn: {
    title: "Passord",
    text: "Når du byt, blir alle andre einingar logga ut.",
    open: "Byt passord",
    current: "Passordet du har no",
    next: "Nytt passord",
    change: "Byt passord",
    cancel: "Avbryt",
    done: "Passordet er bytt, og alle andre einingar er logga ut.",
  },
  nb: {
    title: "Passord",
    text: "Når du bytter, blir alle andre enheter logget ut.",
    open: "Bytt passord",
    current: "Passordet du har nå",
    next: "Nytt passord",
    change: "Bytt passord",
    cancel: "Avbryt",
    done: "Passordet er byttet, og alle andre enheter er logget ut.",
  },
  en: {
    title: "Password",
    text: "When you change it, all other devices are logged out.",
    open: "Change the password",
    current: "Your present password",
    next: "New password",
    change: "Change the password",
    cancel: "Cancel",
    done: "Your password is changed, and all other devices are logged out.",
  },
});

/** Changes the password, with the present one. */
export function ChangePassword() {
  const words = said(TEXTS);
  const { data: account } = useMe();
  const [isOpen, setIsOpen] = useState(false);
  const [currentPassword, setCurrentPassword] = useState("");
  const [newPassword, setNewPassword] = useState("");
  const change = useAction(
    async (body: { currentPassword: string; newPassword: string }, headers) => {
      await api.POST("/v1/me/password:change", { params: { header: headers }, body });
      await queries.invalidateQueries(sessions);
    },
  );
  const wrong = sorted(change.error, {
    currentPassword: ["WRONG_CREDENTIALS"],
    newPassword: [],
  });

  function close(): void {
    setIsOpen(false);
    setCurrentPassword("");
    setNewPassword("");
  }

  return (
    <section class="ds-card stack">
      <h2 class="ds-heading" data-size="xs">
        {words.title}
      </h2>
      <p class="quiet">{words.text}</p>
      {change.isDone && <Notice color="success">{words.done}</Notice>}
      {isOpen ? (
        <div class="narrow stack">
          <Form
            submit={words.change}
            busy={change.busy}
            error={change.error}
            rest={wrong.rest}
            onSubmit={() =>
              void change.run({ currentPassword, newPassword }).then((isDone) => isDone && close())
            }
          >
            <input
              type="email"
              autocomplete="username"
              value={account?.email ?? ""}
              readOnly
              hidden // so that a password manager knows whose it is
            />
            <PasswordField
              label={words.current}
              value={currentPassword}
              onText={setCurrentPassword}
              problem={wrong.at.currentPassword}
            />
            <PasswordField
              label={words.next}
              isNew
              value={newPassword}
              onText={setNewPassword}
              problem={wrong.at.newPassword}
            />
          </Form>
          <Button variant="tertiary" wide onClick={close}>
            {words.cancel}
          </Button>
        </div>
      ) : (
        <div>
          <Button
            variant="secondary"
            onClick={() => {
              change.forget();
              setIsOpen(true);
            }}
          >
            {words.open}
          </Button>
        </div>
      )}
    </section>
  );
}
