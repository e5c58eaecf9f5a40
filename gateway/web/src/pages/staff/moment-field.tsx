import { dateAndTime, momentOf } from "../../format";
import { said, texts } from "../../texts/language";
import { TextField } from "../../ui/field";

const TEXTS = texts({
  nn: { noSuchTime: "Dette klokkeslettet finst ikkje: klokka blir stilt fram ein time den natta." },
  nb: { noSuchTime: "Dette klokkeslettet finnes ikke: klokken stilles fram en time den natten." },
  en: { noSuchTime: "There is no such time: the clocks go forward by an hour that night." },
});

/** A field for a moment, typed as the clock in Norway shows it, and read back in words. */
export function MomentField({
  label,
  hint,
  local,
  problem,
  required = false,
  onLocal,
}: {
  label: string;
  hint?: string;
  /** «2026-04-06T18:00», or empty. */
  local: string;
  problem?: string | undefined;
  required?: boolean;
  onLocal: (local: string) => void;
}) {
  const moment = momentOf(local);
  const isSkipped = local !== "" && moment === undefined;
  return (
    <div class="moment">
      <TextField
        label={label}
        hint={hint}
        type="datetime-local"
        required={required}
        value={local}
        onText={onLocal}
        problem={isSkipped ? said(TEXTS).noSuchTime : problem}
      />
      <p class="quiet" aria-live="polite">
        {moment && dateAndTime(moment)}
      </p>
    </div>
  );
}
