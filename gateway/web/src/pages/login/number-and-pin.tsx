import { said, texts } from "../../texts/language";
import { TextField } from "../../ui/field";

const TEXTS = texts({
  nn: { number: "Kundenummer", pin: "PIN" },
  nb: { number: "Kundenummer", pin: "PIN" },
  en: { number: "Customer number", pin: "PIN" },
});

type Named = { customerNumber: string; pin: string };

/** The fields by which the company knows a customer. */
export function NumberAndPin({
  given,
  problems,
  onChange,
}: {
  given: Named;
  problems: Partial<Named>;
  onChange: (given: Named) => void;
}) {
  const words = said(TEXTS);
  const usual = { inputMode: "numeric", autocomplete: "off", required: true } as const;
  return (
    <>
      <TextField
        {...usual}
        label={words.number}
        value={given.customerNumber}
        onText={(customerNumber) => onChange({ ...given, customerNumber })}
        problem={problems.customerNumber}
      />
      <TextField
        {...usual}
        label={words.pin}
        value={given.pin}
        onText={(pin) => onChange({ ...given, pin })}
        problem={problems.pin}
      />
    </>
  );
}
