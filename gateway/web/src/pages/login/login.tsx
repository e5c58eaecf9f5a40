import { useState } from "preact/hooks";
import { Link, useLocation, useSearchParams } from "wouter-preact";
import { ROUTES } from "../../routes";
import { said, texts } from "../../texts/language";
import { Notice } from "../../ui/notice";
import { Page } from "../../ui/page";
import { takeOver } from "./handover";
import { LoginForm } from "./login-form";
import { ProviderButtons } from "./provider-buttons";

const TEXTS = texts({
  nn: {
    title: "Logg inn",
    forgot: "Gløymt passordet?",
    register: "Ny her? Registrer deg",
    recover: "Mista kundenummer eller PIN?",
    utlogga: "Du er logga ut.",
    overalt: "Du er logga ut overalt.",
    passord: "Passordet er bytt, og du er logga ut overalt. Logg inn med det nye.",
    registrert: "Kontoen din er klar. Logg inn med e-posten og passordet du valde.",
    sletta: "Kontoen er sletta. Vi har sendt deg ein e-post om det.",
  },
  nb: {
    title: "Logg inn",
    forgot: "Glemt passordet?",
    register: "Ny her? Registrer deg",
    recover: "Mistet kundenummer eller PIN?",
    utlogga: "Du er logget ut.",
    overalt: "Du er logget ut overalt.",
    passord: "Passordet er byttet, og du er logget ut overalt. Logg inn med det nye.",
    registrert: "Kontoen din er klar. Logg inn med e-posten og passordet du valgte.",
    sletta: "Kontoen er slettet. Vi har sendt deg en e-post om det.",
  },
  en: {
    title: "Log in",
    forgot: "Forgotten your password?",
    register: "New here? Register",
    recover: "Lost your customer number or PIN?",
    utlogga: "You are logged out.",
    overalt: "You are logged out everywhere.",
    passord:
      "Your password is changed, and you are logged out everywhere. Log in with the new one.",
    registrert: "Your account is ready. Log in with the e-mail and the password that you chose.",
    sletta: "Your account is deleted. We have sent you an e-mail about it.",
  },
});

const REASONS = ["utlogga", "overalt", "passord", "registrert", "sletta"] as const;
type Reason = (typeof REASONS)[number];

/** Returns the address of the login, where it says what has happened. */
export function loginAfter(reason: Reason): string {
  return `${ROUTES.login}?etter=${reason}`;
}

/** The login; in place of a page that needs one, it leads on to that page. */
export default function Login() {
  const words = said(TEXTS);
  const [location, go] = useLocation();
  const [search] = useSearchParams();
  const [{ email = "" }] = useState(takeOver);
  const reason = REASONS.find((each) => each === search.get("etter"));
  return (
    <Page title={words.title}>
      <div class="access">
        {reason && location === ROUTES.login && <Notice color="success">{words[reason]}</Notice>}
        <div class="ds-card stack">
          <LoginForm
            email={email}
            onDone={() => location === ROUTES.login && go(ROUTES.home, { replace: true })}
          />
          <ProviderButtons />
        </div>
        <ul class="access-links">
          {(
            [
              [ROUTES.forgot, words.forgot],
              [ROUTES.register, words.register],
              [ROUTES.recover, words.recover],
            ] as const
          ).map(([to, text]) => (
            <li key={to}>
              <Link class="ds-link" href={to}>
                {text}
              </Link>
            </li>
          ))}
        </ul>
      </div>
    </Page>
  );
}
