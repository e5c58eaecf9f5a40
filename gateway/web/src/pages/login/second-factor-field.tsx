import { useEffect, useRef, useState } from "preact/hooks";
import { said, texts } from "../../texts/language";
import { Button } from "../../ui/button";
import { TextField } from "../../ui/field";

const TEXTS = texts({
  nn: {
    code: "Kode frå autentiseringsappen",
    codeHint: "Dei seks siffera som appen viser no.",
    recovery: "Gjenopprettingskode",
    recoveryHint: "Ein av dei ti kodane du fekk då du sette opp appen. Kvar verkar éin gong.",
    useRecovery: "Har du ikkje appen? Bruk ein gjenopprettingskode",
    useApp: "Bruk koden frå appen",
  },
  nb: {
    code: "Kode fra autentiseringsappen",
    codeHint: "De seks sifrene som appen viser nå.",
    recovery: "Gjenopprettingskode",
    recoveryHint: "En av de ti kodene du fikk da du satte opp appen. Hver virker én gang.",
    useRecovery: "Har du ikke appen? Bruk en gjenopprettingskode",
    useApp: "Bruk koden fra appen",
  },
  en: {
    code: "Code from your authenticator app",
    codeHint: "The six digits that the app shows now.",
    recovery: "Recovery code",
    recoveryHint: "One of the ten codes that you got when you set up the app. Each works once.",
    useRecovery: "Without the app? Use a recovery code",
    useApp: "Use the code from the app",
  },
});

/** What is shown beside a password: the code of an app, or a recovery code. */
export function SecondFactorField({
  value,
  problem,
  hasFocus = true,
  onText,
}: {
  value: string;
  problem: string | undefined;
  hasFocus?: boolean;
  onText: (text: string) => void;
}) {
  const words = said(TEXTS);
  const [isRecovery, setIsRecovery] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (hasFocus || isRecovery) place.current?.querySelector("input")?.focus();
  }, [hasFocus, isRecovery]);
  return (
    <div class="second-factor" ref={place}>
      <TextField
        key={String(isRecovery)}
        label={isRecovery ? words.recovery : words.code}
        hint={isRecovery ? words.recoveryHint : words.codeHint}
        autocomplete={isRecovery ? "off" : "one-time-code"}
        autocapitalize="off"
        spellcheck={false}
        inputMode={isRecovery ? "text" : "numeric"}
        required
        value={value}
        onText={onText}
        problem={problem}
      />
      <Button
        variant="tertiary"
        onClick={() => {
          setIsRecovery(!isRecovery);
          onText("");
        }}
      >
        {isRecovery ? words.useApp : words.useRecovery}
      </Button>
    </div>
  );
}
