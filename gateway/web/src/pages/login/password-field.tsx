import { useState } from "preact/hooks";
import { said, texts } from "../../texts/language";
import { Button } from "../../ui/button";
import { TextField } from "../../ui/field";

const TEXTS = texts({
  nn: {
    show: "Vis",
    hide: "Skjul",
    rules: "Minst 12 teikn. Fire tilfeldige ord er lette å hugse og vanskelege å gjette.",
  },
  nb: {
    show: "Vis",
    hide: "Skjul",
    rules: "Minst 12 tegn. Fire tilfeldige ord er lette å huske og vanskelige å gjette.",
  },
  en: {
    show: "Show",
    hide: "Hide",
    rules: "At least 12 characters. Four random words are easy to remember and hard to guess.",
  },
});

/** A password, which can be shown while it is typed; a new one with what is asked of it. */
export function PasswordField({
  label,
  value,
  isNew = false,
  problem,
  onText,
}: {
  label: string;
  value: string;
  isNew?: boolean;
  problem?: string | undefined;
  onText: (text: string) => void;
}) {
  const words = said(TEXTS);
  const [isShown, setIsShown] = useState(false);
  return (
    <TextField
      label={label}
      hint={isNew ? words.rules : undefined}
      type={isShown ? "text" : "password"}
      autocomplete={isNew ? "new-password" : "current-password"}
      autocapitalize="off"
      spellcheck={false}
      required
      value={value}
      onText={onText}
      problem={problem}
      beside={
        <Button
          variant="secondary"
          color="neutral"
          aria-pressed={isShown}
          onClick={() => setIsShown(!isShown)}
        >
          {isShown ? words.hide : words.show}
        </Button>
      }
    />
  );
}
