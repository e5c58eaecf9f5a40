import { whenLoggedOut } from "../../api/client";
import { me, queries } from "../../api/queries";
import { said, texts } from "../../texts/language";
import { Dialog } from "../../ui/dialog";
import { LoginForm } from "./login-form";
import { useQuestion } from "./question";

const TEXTS = texts({
  nn: {
    title: "Logg inn igjen",
    text: "Du har vore borte ei stund. Det du har skrive, står her framleis.",
  },
  nb: {
    title: "Logg inn igjen",
    text: "Du har vært borte en stund. Det du har skrevet, står her fortsatt.",
  },
  en: {
    title: "Log in again",
    text: "You have been away for a while. What you have typed is still here.",
  },
});

/** Asks for a login over whatever page a session ends on; what waited for it then goes on. */
export function Relogin() {
  const answer = useQuestion(askIfKnown);
  if (answer === null) return null;
  const words = said(TEXTS);
  const email = queries.getQueryData(me.queryKey)?.email ?? "";
  return (
    <Dialog title={words.title} onClose={() => answer(false)}>
      <p>{words.text}</p>
      <LoginForm email={email} onDone={() => answer(true)} />
    </Dialog>
  );
}

/** Who was not seen to be logged in since the page was loaded gets the login in its place. */
function askIfKnown(ask: () => Promise<boolean>): void {
  whenLoggedOut(async () => wasLoggedIn() && (await ask()));
}

function wasLoggedIn(): boolean {
  const state = queries.getQueryState(me.queryKey);
  return Boolean(state?.data) && !state?.isInvalidated;
}
