import { answerOf, api } from "../../api/client";
import { me, queries } from "../../api/queries";
import type { components } from "../../api/schema";
import { LANGUAGES, type Language, language, said, texts } from "../../texts/language";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/button";
import { Failed } from "../../ui/failed";
import { Choice } from "../../ui/field";

type Account = components["schemas"]["Account"];

const TEXTS = texts({
  nn: {
    title: "Språk i brev",
    text: "Språket i e-postar og SMS-ar frå oss. Språket på skjermen vel du øvst på sida.",
    follow: (name: string) => `Skjermen er på ${name.toLowerCase()}. Bruk det i brev òg`,
    saved: (name: string) => `Lagra: vi skriv til deg på ${name.toLowerCase()}.`,
  },
  nb: {
    title: "Språk i brev",
    text: "Språket i e-poster og SMS-er fra oss. Språket på skjermen velger du øverst på siden.",
    follow: (name: string) => `Skjermen er på ${name.toLowerCase()}. Bruk det i brev også`,
    saved: (name: string) => `Lagret: vi skriver til deg på ${name.toLowerCase()}.`,
  },
  en: {
    title: "Language of letters",
    text: "The language of our e-mails and SMS. Choose the language of the screen at the top.",
    follow: (name: string) => `The screen is in ${name}. Use it in letters too`,
    saved: (name: string) => `Saved: we write to you in ${name}.`,
  },
});
const OPTIONS = Object.entries(LANGUAGES) as [Language, string][];

/** The language that somebody is written to in, which need not be the one they read here. */
export function Letters({ account }: { account: Account }) {
  const words = said(TEXTS);
  const change = useAction(async (next: Language, headers) => {
    const changed = await answerOf(
      api.PATCH("/v1/me", { params: { header: headers }, body: { language: next } }),
    );
    queries.setQueryData(me.queryKey, changed);
  });
  const chosen = OPTIONS.find(([code]) => code === account.language)?.[0] ?? "nn";
  return (
    <section class="ds-card stack">
      <h2 class="ds-heading" data-size="xs">
        {words.title}
      </h2>
      <p class="quiet">{words.text}</p>
      <Choice
        label={words.title}
        options={OPTIONS}
        chosen={chosen}
        onChoose={(next) => void change.run(next)}
      />
      {chosen !== language.value && (
        <div>
          <Button
            variant="secondary"
            busy={change.busy}
            onClick={() => void change.run(language.value)}
          >
            {words.follow(LANGUAGES[language.value])}
          </Button>
        </div>
      )}
      {change.error !== null && <Failed error={change.error} />}
      <p role="status" class="quiet told">
        {change.isDone && words.saved(LANGUAGES[chosen])}
      </p>
    </section>
  );
}
