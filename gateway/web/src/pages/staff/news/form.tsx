import { useEffect, useState } from "preact/hooks";
import type { components } from "../../../api/schema";
import { LANGUAGES, type Language, said, texts } from "../../../texts/language";
import { Button } from "../../../ui/button";
import { Failed } from "../../../ui/failed";
import { Choice, TextArea, TextField } from "../../../ui/field";
import { sorted } from "../../../ui/form";
import type { Mailing } from "../queries";

export type Written = components["schemas"]["MailingTextsInput"];

const TEXTS = texts({
  nn: {
    language: "Språk",
    subject: "Emne",
    body: "Tekst",
    bodyHint: "Overskrifter med ##, lister med -, lenkjer som [tekst](https://…).",
    fallback: "Tomt: dei som les dette språket, får nynorsk.",
    empty: "tom",
  },
  nb: {
    language: "Språk",
    subject: "Emne",
    body: "Tekst",
    bodyHint: "Overskrifter med ##, lister med -, lenker som [tekst](https://…).",
    fallback: "Tomt: de som leser dette språket, får nynorsk.",
    empty: "tom",
  },
  en: {
    language: "Language",
    subject: "Subject",
    body: "Text",
    bodyHint: "Headings with ##, lists with -, links as [text](https://…).",
    fallback: "Empty: those who read this language get Nynorsk.",
    empty: "empty",
  },
});

type Drafts = Record<Language, { subject: string; body: string }>;

const ALL: readonly Language[] = ["nn", "nb", "en"];

type Field = `texts.${Language}.${keyof Drafts[Language]}`;
const FIELDS = Object.fromEntries(
  ALL.flatMap((each) => [`texts.${each}.subject`, `texts.${each}.body`]).map((name) => [name, []]),
) as unknown as Record<Field, readonly string[]>;

function draftsOf(known?: Mailing): Drafts {
  const of = (spoken: Language) => known?.texts?.[spoken] ?? { subject: "", body: "" };
  return { nn: of("nn"), nb: of("nb"), en: of("en") };
}

const isEmpty = ({ subject, body }: Drafts[Language]) =>
  subject.trim() === "" && body.trim() === "";

/** The texts of a mailing, as the API takes them: a language without any is left out. */
function written({ nn, nb, en }: Drafts): Written {
  return { nn, ...(isEmpty(nb) ? {} : { nb }), ...(isEmpty(en) ? {} : { en }) };
}

/** What a mailing says, in each language. */
export function MailingForm({
  known,
  submit,
  busy,
  error,
  onChange,
  onSubmit,
}: {
  known?: Mailing;
  submit: string;
  busy: boolean;
  error: unknown;
  onChange?: () => void;
  onSubmit: (texts: Written) => void;
}) {
  const words = said(TEXTS);
  const [drafts, setDrafts] = useState(() => draftsOf(known));
  const [spoken, setSpoken] = useState<Language>("nn");
  const wrong = sorted(error, FIELDS);
  useEffect(() => {
    const { at } = sorted(error, FIELDS);
    const first = ALL.find((each) => at[`texts.${each}.subject`] ?? at[`texts.${each}.body`]);
    if (first) setSpoken(first);
  }, [error]);
  const draft = drafts[spoken];
  const change = (changed: Partial<Drafts[Language]>) => {
    setDrafts((before) => ({ ...before, [spoken]: { ...before[spoken], ...changed } }));
    onChange?.();
  };
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit(written(drafts));
      }}
    >
      <Choice<Language>
        label={words.language}
        options={ALL.map((each) => [
          each,
          <>
            {LANGUAGES[each]}
            {isEmpty(drafts[each]) && <span class="quiet"> ({words.empty})</span>}
          </>,
        ])}
        chosen={spoken}
        onChoose={setSpoken}
      />
      <div class="stack" lang={spoken} key={spoken}>
        <TextField
          label={`${words.subject}, ${LANGUAGES[spoken]}`}
          hint={spoken === "nn" ? undefined : words.fallback}
          maxLength={150}
          value={draft.subject}
          onText={(subject) => change({ subject })}
          problem={wrong.at[`texts.${spoken}.subject`]}
        />
        <TextArea
          label={`${words.body}, ${LANGUAGES[spoken]}`}
          hint={words.bodyHint}
          rows={14}
          maxLength={20_000}
          value={draft.body}
          onText={(body) => change({ body })}
          problem={wrong.at[`texts.${spoken}.body`]}
        />
      </div>
      {wrong.rest !== null && <Failed error={wrong.rest} />}
      <div class="row">
        <Button type="submit" busy={busy}>
          {submit}
        </Button>
      </div>
    </form>
  );
}
