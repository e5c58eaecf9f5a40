import { useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { answerOf, api, attempt } from "../../api/client";
import { Problem } from "../../api/problem";
import { ROUTES } from "../../routes";
import { said, texts } from "../../texts/language";
import { useAction } from "../../ui/action";
import { Button, ButtonLink } from "../../ui/button";
import { TextField } from "../../ui/field";
import { Form, sorted } from "../../ui/form";
import { Notice } from "../../ui/notice";
import { Page } from "../../ui/page";
import { type Again, CodeField, SendAgain, type Verification } from "./code";
import { deviceName } from "./device";
import { entered } from "./entered";
import { handOver, takeOver } from "./handover";
import { useKept } from "./kept";
import { loginAfter } from "./login";
import { NumberAndPin } from "./number-and-pin";
import "./login.css";
import { PasswordField } from "./password-field";

const TEXTS = texts({
  nn: {
    title: "Registrer deg",
    intro:
      "Kundenummeret står på fakturaen, og PIN-en har du fått av oss. Du registrerer deg éin gong, så gjeld innlogginga både her og i appen.",
    lost: "Mista kundenummer eller PIN?",
    email: "E-post",
    emailHint: "Denne loggar du inn med.",
    password: "Vel eit passord",
    next: "Gå vidare",
    check: "Stadfest e-posten",
    sent: (email: string) => `Vi har sendt ein kode til ${email}.`,
    code: "Kode frå e-posten",
    contactCode: {
      SMS: "Kode frå SMS-en",
      EMAIL: "Kode frå e-posten til adressa vi har registrert",
    },
    contact: {
      SMS: "PIN-en din er av ei eldre ordning. Difor har vi òg sendt ein kode på SMS til mobilnummeret vi har registrert på deg.",
      EMAIL:
        "PIN-en din er av ei eldre ordning. Difor har vi òg sendt ein kode til e-postadressa vi har registrert på deg.",
    },
    open: "Opne kontoen",
    back: "Endre det eg har skrive",
    again: "Skriv PIN og passord på nytt for å få ein ny kode.",
    exists: "Du treng ikkje registrere deg på nytt.",
    login: "Logg inn",
    forgot: "Gløymt passordet?",
    already: "Har du konto?",
  },
  nb: {
    title: "Registrer deg",
    intro:
      "Kundenummeret står på fakturaen, og PIN-en har du fått av oss. Du registrerer deg én gang, så gjelder innloggingen både her og i appen.",
    lost: "Mistet kundenummer eller PIN?",
    email: "E-post",
    emailHint: "Denne logger du inn med.",
    password: "Velg et passord",
    next: "Gå videre",
    check: "Bekreft e-posten",
    sent: (email: string) => `Vi har sendt en kode til ${email}.`,
    code: "Kode fra e-posten",
    contactCode: {
      SMS: "Kode fra SMS-en",
      EMAIL: "Kode fra e-posten til adressen vi har registrert",
    },
    contact: {
      SMS: "PIN-en din er av en eldre ordning. Derfor har vi også sendt en kode på SMS til mobilnummeret vi har registrert på deg.",
      EMAIL:
        "PIN-en din er av en eldre ordning. Derfor har vi også sendt en kode til e-postadressen vi har registrert på deg.",
    },
    open: "Åpne kontoen",
    back: "Endre det jeg har skrevet",
    again: "Skriv PIN og passord på nytt for å få en ny kode.",
    exists: "Du trenger ikke registrere deg på nytt.",
    login: "Logg inn",
    forgot: "Glemt passordet?",
    already: "Har du konto?",
  },
  en: {
    title: "Register",
    intro:
      "The customer number is on your bill, and you have the PIN from us. You register once, and then log in both here and in the app.",
    lost: "Lost your customer number or PIN?",
    email: "E-mail",
    emailHint: "You log in with this one.",
    password: "Choose a password",
    next: "Go on",
    check: "Confirm your e-mail",
    sent: (email: string) => `We have sent a code to ${email}.`,
    code: "Code from the e-mail",
    contactCode: {
      SMS: "Code from the SMS",
      EMAIL: "Code from the e-mail to the address that we have on file",
    },
    contact: {
      SMS: "Your PIN is of an older kind. So we have also sent a code by SMS to the mobile number that we have on file.",
      EMAIL:
        "Your PIN is of an older kind. So we have also sent a code to the e-mail address that we have on file.",
    },
    open: "Open the account",
    back: "Change what I have typed",
    again: "Enter PIN and password again to get a new code.",
    exists: "You do not need to register again.",
    login: "Log in",
    forgot: "Forgotten your password?",
    already: "Do you have an account?",
  },
});

/** What is kept of it over a reload: no PIN, no password, no code. */
type Step = { customerNumber: string; email: string; verification: Verification | null };

const NOTHING: Step = { customerNumber: "", email: "", verification: null };

/** Opens an account with customer number and PIN, and a code that goes to the e-mail. */
export default function Register() {
  const words = said(TEXTS);
  const [, go] = useLocation();
  const [found] = useState(takeOver);
  const [step, keep] = useKept("register", NOTHING);
  const [customerNumber, setCustomerNumber] = useState(found.customerNumber ?? step.customerNumber);
  const [pin, setPin] = useState(found.pin ?? "");
  const [email, setEmail] = useState(step.email);
  const [password, setPassword] = useState("");
  const [mustAskAnew, setMustAskAnew] = useState(false);

  const register = useAction(async (_: object, headers) => {
    const verification = await answerOf(
      api.POST("/v1/accounts:register", {
        params: { header: headers },
        body: { customerNumber, pin, email, password },
      }),
    );
    setMustAskAnew(false);
    keep({ customerNumber, email, verification });
  });
  const begin = () => register.run({ customerNumber, pin, email, password });

  /** After a reload PIN and password are no longer known, and without them no new code is sent. */
  async function sendAgain(): Promise<boolean> {
    if (pin && password) return begin();
    setMustAskAnew(true);
    keep({ ...step, verification: null });
    return false;
  }

  async function enter(): Promise<void> {
    keep(NOTHING);
    try {
      if (!password) throw new Error("not known after a reload");
      await api.POST("/v1/sessions", {
        params: { header: attempt() },
        body: { email, password, client: "WEB", device: deviceName() },
      });
      await entered();
      go(ROUTES.home, { replace: true });
    } catch {
      handOver({ email });
      go(loginAfter("registrert"), { replace: true });
    }
  }

  const wrong = sorted(register.error, { customerNumber: [], pin: [], email: [], password: [] });
  return (
    <Page
      title={step.verification ? words.check : words.title}
      key={step.verification ? "confirm" : "write"}
    >
      <div class="access">
        {step.verification ? (
          <Confirm
            verification={step.verification}
            email={email}
            again={{ busy: register.busy, error: register.error, send: sendAgain }}
            onBack={() => keep({ ...step, verification: null })}
            onDone={() => void enter()}
          />
        ) : (
          <>
            <p>{mustAskAnew ? words.again : words.intro}</p>
            <div class="ds-card stack">
              <Form
                submit={words.next}
                busy={register.busy}
                error={register.error}
                rest={hasAccount(register.error) ? null : wrong.rest}
                onSubmit={() => void begin()}
              >
                <NumberAndPin
                  given={{ customerNumber, pin }}
                  problems={wrong.at}
                  onChange={(given) => {
                    setCustomerNumber(given.customerNumber);
                    setPin(given.pin);
                  }}
                />
                <TextField
                  label={words.email}
                  hint={words.emailHint}
                  type="email"
                  autocomplete="username"
                  required
                  value={email}
                  onText={setEmail}
                  problem={wrong.at.email}
                />
                <PasswordField
                  label={words.password}
                  isNew
                  value={password}
                  onText={setPassword}
                  problem={wrong.at.password}
                />
                {hasAccount(register.error) && <HasAccount error={register.error} />}
              </Form>
            </div>
            <ul class="access-links">
              <li>
                <Link class="ds-link" href={ROUTES.recover}>
                  {words.lost}
                </Link>
              </li>
              <li class="row">
                {words.already}{" "}
                <Link class="ds-link" href={ROUTES.login}>
                  {words.login}
                </Link>
              </li>
            </ul>
          </>
        )}
      </div>
    </Page>
  );
}

function hasAccount(error: unknown): error is Problem {
  return (
    error instanceof Problem && (error.code === "ACCOUNT_EXISTS" || error.code === "EMAIL_IN_USE")
  );
}

/** Whoever has an account is not stopped, but led to it. */
function HasAccount({ error }: { error: Problem }) {
  const words = said(TEXTS);
  return (
    <Notice color="info">
      <div class="stack">
        <p>
          <strong>{error.document.detail}</strong>
        </p>
        {error.code === "ACCOUNT_EXISTS" && <p>{words.exists}</p>}
        <ButtonLink to={ROUTES.login} wide>
          {words.login}
        </ButtonLink>
        <p>
          <Link class="ds-link link-row" href={ROUTES.forgot}>
            {words.forgot}
          </Link>
        </p>
      </div>
    </Notice>
  );
}

function Confirm({
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
  const [contactCode, setContactCode] = useState("");
  const confirm = useAction((body: { code: string; contactCode: string }, headers) =>
    answerOf(
      api.POST("/v1/accounts:confirm", {
        params: { header: headers },
        body: { verificationId: verification.id, ...body },
      }),
    ),
  );
  const wrong = sorted(confirm.error ?? again.error, { code: [], contactCode: [] });
  const contact = verification.contactChannel;
  const taken = hasAccount(confirm.error) ? confirm.error : null;
  return (
    <>
      <p>{words.sent(email)}</p>
      <div class="ds-card stack">
        <Form
          submit={words.open}
          busy={confirm.busy}
          error={confirm.error ?? again.error}
          rest={taken ? null : wrong.rest}
          onSubmit={() =>
            void confirm.run({ code, contactCode }).then((isDone) => isDone && onDone())
          }
        >
          <CodeField label={words.code} value={code} onText={setCode} problem={wrong.at.code} />
          {contact !== "CHANNEL_UNSPECIFIED" && (
            <>
              <p>{words.contact[contact]}</p>
              <CodeField
                label={words.contactCode[contact]}
                value={contactCode}
                onText={setContactCode}
                problem={wrong.at.contactCode}
              />
            </>
          )}
          {taken && <HasAccount error={taken} />}
        </Form>
      </div>
      <SendAgain expiresAt={verification.expiresAt} busy={again.busy} onAgain={again.send}>
        <Button variant="tertiary" onClick={onBack}>
          {words.back}
        </Button>
      </SendAgain>
    </>
  );
}
