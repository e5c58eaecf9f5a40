import { useEffect, useState } from "preact/hooks";
import { answerOf, api, attempt } from "../../api/client";
import { Problem } from "../../api/problem";
import { said, texts } from "../../texts/language";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/button";
import { TextField } from "../../ui/field";
import { Form, sorted } from "../../ui/form";
import { deviceName } from "./device";
import { entered } from "./entered";
import "./login.css";
import { type Answer, challengeToLogIn, hasPasskeys, signed, usePasskeyAutofill } from "./passkey";
import { PasskeyFailed } from "./passkey-failed";
import { PasswordField } from "./password-field";
import { SecondFactorField } from "./second-factor-field";

const TEXTS = texts({
  nn: {
    email: "E-post",
    password: "Passord",
    login: "Logg inn",
    passkey: "Bruk passnøkkel",
    or: "eller",
    as: (email: string) => `Du loggar inn som ${email}.`,
    another: "Bruk ein annan konto",
  },
  nb: {
    email: "E-post",
    password: "Passord",
    login: "Logg inn",
    passkey: "Bruk passnøkkel",
    or: "eller",
    as: (email: string) => `Du logger inn som ${email}.`,
    another: "Bruk en annen konto",
  },
  en: {
    email: "E-mail",
    password: "Password",
    login: "Log in",
    passkey: "Use a passkey",
    or: "or",
    as: (email: string) => `You are logging in as ${email}.`,
    another: "Use another account",
  },
});

type Credentials = { email: string; password: string; secondFactor?: string };

/** Takes e-mail and password, and a code where the account has an app for it; or a passkey. */
export function LoginForm({ email: known = "", onDone }: { email?: string; onDone: () => void }) {
  const words = said(TEXTS);
  const [email, setEmail] = useState(known);
  const [password, setPassword] = useState("");
  const [secondFactor, setSecondFactor] = useState("");
  const [asksForCode, setAsksForCode] = useState(false);
  const login = useAction((body: Credentials, headers) =>
    answerOf(
      api.POST("/v1/sessions", {
        params: { header: headers },
        body: { ...body, client: "WEB", device: deviceName() },
      }),
    ),
  );
  // Each time a new challenge is answered, so each time it is another attempt.
  const passkey = useAction(async (offered: Answer | undefined) =>
    answerOf(
      api.POST("/v1/sessions:passkey", {
        params: { header: attempt() },
        body: {
          answer: offered ?? (await signed(await challengeToLogIn())),
          client: "WEB",
          device: deviceName(),
        },
      }),
    ),
  );
  const isNeeded = login.error instanceof Problem && login.error.code === "SECOND_FACTOR_NEEDED";
  useEffect(() => {
    if (isNeeded) setAsksForCode(true);
  }, [isNeeded]);
  const wrong = sorted(isNeeded ? null : login.error, {
    email: [],
    password: [],
    secondFactor: ["WRONG_SECOND_FACTOR"],
  });

  async function goOn(run: Promise<boolean>): Promise<void> {
    if (!(await run)) return;
    await entered();
    onDone();
  }
  usePasskeyAutofill((answer) => goOn(passkey.run(answer)), passkey.busy);

  if (asksForCode) {
    return (
      <div class="stack">
        <Form
          submit={words.login}
          busy={login.busy}
          error={login.error}
          rest={wrong.rest}
          onSubmit={() => void goOn(login.run({ email, password, secondFactor }))}
        >
          <p>{words.as(email)}</p>
          <SecondFactorField
            value={secondFactor}
            onText={setSecondFactor}
            problem={wrong.at.secondFactor}
          />
        </Form>
        <Button
          variant="tertiary"
          wide
          onClick={() => {
            setAsksForCode(false);
            setSecondFactor("");
            setPassword("");
            login.forget();
          }}
        >
          {words.another}
        </Button>
      </div>
    );
  }
  return (
    <div class="stack">
      <Form
        submit={words.login}
        busy={login.busy}
        error={login.error}
        rest={wrong.rest}
        onSubmit={() => void goOn(login.run({ email, password }))}
      >
        <TextField
          label={words.email}
          type="email"
          autocomplete="username webauthn"
          required
          value={email}
          onText={setEmail}
          problem={wrong.at.email}
        />
        <PasswordField
          label={words.password}
          value={password}
          onText={setPassword}
          problem={wrong.at.password}
        />
      </Form>
      {hasPasskeys && (
        <>
          <p class="or">{words.or}</p>
          {passkey.error !== null && <PasskeyFailed error={passkey.error} />}
          <Button
            variant="secondary"
            wide
            busy={passkey.busy}
            onClick={() => void goOn(passkey.run(undefined))}
          >
            {words.passkey}
          </Button>
        </>
      )}
    </div>
  );
}
