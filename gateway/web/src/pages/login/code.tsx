import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { components } from "../../api/schema";
import { time } from "../../format";
import { said, texts } from "../../texts/language";
import { Button } from "../../ui/button";
import { TextField } from "../../ui/field";

/** What a code was sent for, and until when it works. */
export type Verification = components["schemas"]["Verification"];

/** Sends the code once more. */
export type Again = { busy: boolean; error: unknown; send: () => Promise<boolean> };

const TEXTS = texts({
  nn: {
    code: "Kode",
    hint: "Seks siffer.",
    again: "Send ny kode",
    sent: "Ein ny kode er på veg. Den førre gjeld ikkje lenger.",
    until: (when: string) => `Koden gjeld til kl. ${when}.`,
    spam: "Kjem det ingen kode? Sjå i søppelposten, og etter at adressa er rett.",
  },
  nb: {
    code: "Kode",
    hint: "Seks sifre.",
    again: "Send ny kode",
    sent: "En ny kode er på vei. Den forrige gjelder ikke lenger.",
    until: (when: string) => `Koden gjelder til kl. ${when}.`,
    spam: "Kommer det ingen kode? Se i søppelposten, og etter at adressen er riktig.",
  },
  en: {
    code: "Code",
    hint: "Six digits.",
    again: "Send a new code",
    sent: "A new code is on its way. The one before no longer works.",
    until: (when: string) => `The code works until ${when}.`,
    spam: "No code? Look in your spam folder, and make sure that the address is right.",
  },
});

/** The code that was sent to somebody. */
export function CodeField({
  label,
  value,
  problem,
  onText,
}: {
  label?: string;
  value: string;
  problem: string | undefined;
  onText: (text: string) => void;
}) {
  const words = said(TEXTS);
  return (
    <TextField
      label={label ?? words.code}
      hint={words.hint}
      autocomplete="one-time-code"
      inputMode="numeric"
      maxLength={7} // some write a gap in the middle
      required
      value={value}
      onText={(text) => onText(text.replace(/\s/g, ""))}
      problem={problem}
    />
  );
}

/** How long the code works, and a way to get another one. */
export function SendAgain({
  expiresAt,
  busy,
  onAgain,
  children,
}: {
  expiresAt: string | null;
  busy: boolean;
  onAgain: () => Promise<boolean>;
  /** What else can be done where no code comes. */
  children?: ComponentChildren;
}) {
  const words = said(TEXTS);
  const [isSent, setIsSent] = useState(false);
  return (
    <div class="send-again">
      <p role="status">
        {isSent && `${words.sent} `}
        {expiresAt && words.until(time(expiresAt))}
      </p>
      <p class="quiet">{words.spam}</p>
      <Button
        variant="secondary"
        busy={busy}
        onClick={() => void onAgain().then((isDone) => setIsSent(isDone))}
      >
        {words.again}
      </Button>
      {children}
    </div>
  );
}
