import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { said, texts } from "../texts/language";

const TEXTS = texts({
  nn: { fewer: "Éin færre", more: "Éin til" },
  nb: { fewer: "Én færre", more: "Én til" },
  en: { fewer: "One fewer", more: "One more" },
});

/** A small number, chosen by one up and one down. */
export function Stepper({
  label,
  hint,
  value,
  min = 1,
  max,
  onChange,
}: {
  label: string;
  hint?: ComponentChildren;
  value: number;
  min?: number;
  max: number;
  onChange: (value: number) => void;
}) {
  const words = said(TEXTS);
  const id = useId();
  const step = (by: number, word: string, sign: string) => {
    const next = value + by;
    const isOut = next < min || next > max;
    return (
      <button
        type="button"
        class="ds-button"
        data-variant="secondary"
        aria-label={word}
        aria-disabled={isOut}
        onClick={() => !isOut && onChange(next)}
      >
        <span aria-hidden="true">{sign}</span>
      </button>
    );
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset's legend cannot stand beside what it names
    <div
      class="stepper"
      role="group"
      aria-labelledby={`${id}-label`}
      aria-describedby={hint ? `${id}-hint` : undefined}
    >
      <span>
        <span id={`${id}-label`} class="ds-label">
          {label}
        </span>
        {hint && (
          <span id={`${id}-hint`} class="quiet">
            {hint}
          </span>
        )}
      </span>
      <span class="stepper-value">
        {step(-1, words.fewer, "−")}
        <output class="number" aria-live="polite">
          {value}
        </output>
        {step(1, words.more, "+")}
      </span>
    </div>
  );
}
