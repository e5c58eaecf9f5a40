import { useState } from "preact/hooks";
import { said, texts } from "../../texts/language";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/button";
import { Failed } from "../../ui/failed";
import { TextField } from "../../ui/field";
import { sorted } from "../../ui/form";
import { save } from "../../ui/save";
import { type Span, shifted } from "./period";
import { exported, type FileFormat } from "./queries";

const TEXTS = texts({
  nn: {
    title: "Last ned timane",
    from: "Frå og med",
    to: "Til og med",
    hint: "Inntil tre år om gongen.",
    files: {
      CSV: "Rekneark (CSV)",
      XLSX: "Excel (XLSX)",
      GREEN_BUTTON: "Green Button (XML)",
    },
    wrong: "Den siste dagen kan ikkje vere før den første.",
  },
  nb: {
    title: "Last ned timene",
    from: "Fra og med",
    to: "Til og med",
    hint: "Inntil tre år om gangen.",
    files: {
      CSV: "Regneark (CSV)",
      XLSX: "Excel (XLSX)",
      GREEN_BUTTON: "Green Button (XML)",
    },
    wrong: "Den siste dagen kan ikke være før den første.",
  },
  en: {
    title: "Download the hours",
    from: "From",
    to: "To and with",
    hint: "At most three years at a time.",
    files: {
      CSV: "Spreadsheet (CSV)",
      XLSX: "Excel (XLSX)",
      GREEN_BUTTON: "Green Button (XML)",
    },
    wrong: "The last day cannot be before the first.",
  },
});

const ENDINGS: Record<FileFormat, string> = { CSV: "csv", XLSX: "xlsx", GREEN_BUTTON: "xml" };
const FORMATS: readonly FileFormat[] = ["CSV", "XLSX", "GREEN_BUTTON"];
const YEARS = 3;

/** Takes the hours of a period along as a file. */
export function Download({
  gsrn,
  span,
  held,
  today,
}: {
  gsrn: string;
  span: Span;
  held: Span;
  today: string;
}) {
  const words = said(TEXTS);
  const [dates, setDates] = useState(() => datesOf(span, held, today));
  const asked: Span = { from: dates.first, to: dates.last && shifted(dates.last, 1) };
  const isWrong = dates.first > dates.last;
  const fetchFile = useAction(async (format: FileFormat) => {
    const file = await exported(gsrn, asked, format);
    save(file, `forbruk ${dates.first} ${dates.last}.${ENDINGS[format]}`.replaceAll(" ", "-"));
  });
  const wrong = sorted(fetchFile.error, { from: [], to: [] });
  return (
    <details class="ds-card ds-details download">
      <summary>{words.title}</summary>
      <div class="stack">
        <div class="row dates">
          <TextField
            label={words.from}
            type="date"
            value={dates.first}
            problem={wrong.at.from}
            onText={(first) => setDates({ ...dates, first })}
          />
          <TextField
            label={words.to}
            type="date"
            value={dates.last}
            problem={isWrong ? words.wrong : wrong.at.to}
            onText={(last) => setDates({ ...dates, last })}
          />
        </div>
        <p class="quiet">{words.hint}</p>
        <div class="row">
          {FORMATS.map((format) => (
            <Button
              key={format}
              variant="secondary"
              busy={fetchFile.busy}
              disabled={isWrong}
              onClick={() => void fetchFile.run(format)}
            >
              {words.files[format]}
            </Button>
          ))}
        </div>
        {wrong.rest !== null && <Failed error={wrong.rest} />}
      </div>
    </details>
  );
}

/** The dates of a period that are the customer's and have been; the newest, if they are many. */
function datesOf({ from, to }: Span, held: Span, today: string) {
  const end = [to, held.to || to, shifted(today, 1)].reduce((one, two) => (one < two ? one : two));
  const last = shifted(end, -1);
  const earliest = `${Number(last.slice(0, 4)) - YEARS}${last.slice(4)}`;
  const first = [from, held.from, shifted(earliest, 1)].reduce((one, two) =>
    one > two ? one : two,
  );
  return { first, last };
}
