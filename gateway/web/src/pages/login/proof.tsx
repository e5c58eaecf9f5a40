import { useQuery } from "@tanstack/preact-query";
import { useEffect, useState } from "preact/hooks";
import { answerOf, api, attempt, whenProofIsNeeded } from "../../api/client";
import { Problem } from "../../api/problem";
import { said, texts } from "../../texts/language";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { Form, sorted } from "../../ui/form";
import { secondFactors } from "../profile/queries";
import { challengeToLogIn, hasPasskeys, signed } from "./passkey";
import { PasskeyFailed } from "./passkey-failed";
import { PasswordField } from "./password-field";
import { useQuestion } from "./question";
import { SecondFactorField } from "./second-factor-field";

const TEXTS = texts({
  nn: {
    title: "Stadfest at det er du",
    text: "Dette gjeld tryggleiken din, og det er ei stund sidan du logga inn. Etterpå held vi fram der du var.",
    password: "Passord",
    confirm: "Stadfest",
    passkey: "Bruk passnøkkel",
    or: "eller",
    cancel: "Avbryt",
  },
  nb: {
    title: "Bekreft at det er deg",
    text: "Dette gjelder sikkerheten din, og det er en stund siden du logget inn. Etterpå fortsetter vi der du var.",
    password: "Passord",
    confirm: "Bekreft",
    passkey: "Bruk passnøkkel",
    or: "eller",
    cancel: "Avbryt",
  },
  en: {
    title: "Confirm that it is you",
    text: "This concerns your security, and you logged in a while ago. After this you go on where you were.",
    password: "Password",
    confirm: "Confirm",
    passkey: "Use a passkey",
    or: "or",
    cancel: "Cancel",
  },
});

/** Asks once more who somebody is, where a login is too long ago; what was asked for then goes on. */
export function Proof() {
  const answer = useQuestion(whenProofIsNeeded);
  return answer && <ProofDialog onAnswer={answer} />;
}

function ProofDialog({ onAnswer }: { onAnswer: (isProven: boolean) => void }) {
  const words = said(TEXTS);
  const { data: factors } = useQuery(secondFactors);
  const [password, setPassword] = useState("");
  const [secondFactor, setSecondFactor] = useState("");
  const byPassword = useAction((body: { password: string; secondFactor: string }, headers) =>
    answerOf(api.POST("/v1/sessions/current:confirm", { params: { header: headers }, body })),
  );
  // Each time a new challenge is answered, so each time it is another attempt.
  const byPasskey = useAction(async () =>
    answerOf(
      api.POST("/v1/sessions/current:confirm", {
        params: { header: attempt() },
        body: { passkey: await signed(await challengeToLogIn()) },
      }),
    ),
  );
  const isNeeded =
    byPassword.error instanceof Problem && byPassword.error.code === "SECOND_FACTOR_NEEDED";
  const [asksForCode, setAsksForCode] = useState(false);
  useEffect(() => {
    if (isNeeded || factors?.totp) setAsksForCode(true);
  }, [isNeeded, factors]);
  const wrong = sorted(byPassword.error, {
    password: ["WRONG_CREDENTIALS"],
    secondFactor: ["WRONG_SECOND_FACTOR", "SECOND_FACTOR_NEEDED"],
  });

  async function goOn(run: Promise<boolean>): Promise<void> {
    if (await run) onAnswer(true);
  }

  return (
    <Dialog title={words.title} onClose={() => onAnswer(false)}>
      <p>{words.text}</p>
      <Form
        submit={words.confirm}
        busy={byPassword.busy}
        error={byPassword.error}
        rest={wrong.rest}
        onSubmit={() => void goOn(byPassword.run({ password, secondFactor }))}
      >
        <PasswordField
          label={words.password}
          value={password}
          onText={setPassword}
          problem={wrong.at.password}
        />
        {asksForCode && (
          <SecondFactorField
            hasFocus={false}
            value={secondFactor}
            onText={setSecondFactor}
            problem={wrong.at.secondFactor}
          />
        )}
      </Form>
      {hasPasskeys && Boolean(factors?.passkeys) && (
        <>
          <p class="or">{words.or}</p>
          {byPasskey.error !== null && <PasskeyFailed error={byPasskey.error} />}
          <Button
            variant="secondary"
            wide
            busy={byPasskey.busy}
            onClick={() => void goOn(byPasskey.run())}
          >
            {words.passkey}
          </Button>
        </>
      )}
      <Button variant="tertiary" wide onClick={() => onAnswer(false)}>
        {words.cancel}
      </Button>
    </Dialog>
  );
}
