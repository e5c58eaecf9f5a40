import { useState } from "preact/hooks";
import { useLocation } from "wouter-preact";
import { answerOf, api } from "../../api/client";
import { forgetPerson } from "../../api/person";
import { ROUTES } from "../../routes";
import { said, texts } from "../../texts/language";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/button";
import { TextField } from "../../ui/field";
import { Form, sorted } from "../../ui/form";
import { Page } from "../../ui/page";
import { type Again, CodeField, SendAgain, type Verification } from "./code";
import { handOver, takeOver } from "./handover";
import { useKept } from "./kept";
import { loginAfter } from "./login";
import "./login.css";
import { PasswordField } from "./password-field";

const TEXTS = texts({
  nn: {
    title: "Gløymt passordet",
    intro: "Skriv e-posten du loggar inn med, så sender vi ein kode dit.",
    email: "E-post",
    send: "Send kode",
    choose: "Vel nytt passord",
    sent: (email: string) => `Har ${email} ein konto hos oss, kjem det ein kode dit no.`,
    password: "Nytt passord",
    everywhere: "Når passordet er bytt, blir du logga ut overalt.",
    change: "Byt passord",
    back: "Bruk ein annan e-post",
    login: "Logg inn",
  },
  nb: {
    title: "Glemt passordet",
    intro: "Skriv e-posten du logger inn med, så sender vi en kode dit.",
    email: "E-post",
    send: "Send kode",
    choose: "Velg nytt passord",
    sent: (email: string) => `Har ${email} en konto hos oss, kommer det en kode dit nå.`,
    password: "Nytt passord",
    everywhere: "Når passordet er byttet, blir du logget ut overalt.",
    change: "Bytt passord",
    back: "Bruk en annen e-post",
    login: "Logg inn",
  },
  en: {
    title: "Forgotten password",
    intro: "Enter the e-mail that you log in with, and we send a code there.",
    email: "E-mail",
    send: "Send a code",
    choose: "Choose a new password",
    sent: (email: string) => `If ${email} has an account with us, a code is on its way there.`,
    password: "New password",
    everywhere: "When the password is changed, you are logged out everywhere.",
    change: "Change the password",
    back: "Use another e-mail",
    login: "Log in",
  },
});

/** What is kept of it over a reload: no password and no code. */
type Step = { email: string; verification: Verification | null };

/** Chooses a new password for a forgotten one, with a code that goes to the e-mail. */
export default function Forgot() {
  const words = said(TEXTS);
  const [, go] = useLocation();
  const [found] = useState(takeOver);
  const [step, keep] = useKept<Step>("forgot", { email: found.email ?? "", verification: null });
  const [email, setEmail] = useState(step.email);
  const ask = useAction(async (body: { email: string }, headers) => {
    const verification = await answerOf(
      api.POST("/v1/password:forget", { params: { header: headers }, body }),
    );
    keep({ ...body, verification });
  });

  async function leave(): Promise<void> {
    await forgetPerson();
    handOver({ email });
    go(loginAfter("passord"), { replace: true });
  }

  if (step.verification) {
    return (
      <Choose
        verification={step.verification}
        email={step.email}
        again={{ ...ask, send: () => ask.run({ email: step.email }) }}
        onBack={() => keep({ ...step, verification: null })}
        onDone={() => void leave()}
      />
    );
  }
  const wrong = sorted(ask.error, { email: [] });
  return (
    <Page title={words.title} back={{ to: ROUTES.login, text: words.login }}>
      <div class="access">
        <p>{words.intro}</p>
        <div class="ds-card stack">
          <Form
            submit={words.send}
            busy={ask.busy}
            error={ask.error}
            rest={wrong.rest}
            onSubmit={() => void ask.run({ email })}
          >
            <TextField
              label={words.email}
              type="email"
              autocomplete="username"
              required
              value={email}
              onText={setEmail}
              problem={wrong.at.email}
            />
          </Form>
        </div>
      </div>
    </Page>
  );
}

function Choose({
  verification,
  email,
  again,
  onBack,
  onDone,
}: {
  verification: Verification;
  email: string;
  again: Again;
  onBack: () => void;
  onDone: () => void;
}) {
  const words = said(TEXTS);
  const [code, setCode] = useState("");
  const [newPassword, setNewPassword] = useState("");
  const reset = useAction((body: { code: string; newPassword: string }, headers) =>
    answerOf(
      api.POST("/v1/password:reset", {
        params: { header: headers },
        body: { verificationId: verification.id, ...body },
      }),
    ),
  );
  const wrong = sorted(reset.error ?? again.error, { code: [], newPassword: [] });
  return (
    <Page title={words.choose}>
      <div class="access">
        <p>{words.sent(email)}</p>
        <div class="ds-card stack">
          <Form
            submit={words.change}
            busy={reset.busy}
            error={reset.error}
            rest={wrong.rest}
            onSubmit={() =>
              void reset.run({ code, newPassword }).then((isDone) => isDone && onDone())
            }
          >
            <CodeField value={code} onText={setCode} problem={wrong.at.code} />
            <PasswordField
              label={words.password}
              isNew
              value={newPassword}
              onText={setNewPassword}
              problem={wrong.at.newPassword}
            />
            <p class="quiet">{words.everywhere}</p>
          </Form>
        </div>
        <SendAgain expiresAt={verification.expiresAt} busy={again.busy} onAgain={again.send}>
          <Button variant="tertiary" onClick={onBack}>
            {words.back}
          </Button>
        </SendAgain>
      </div>
    </Page>
  );
}
