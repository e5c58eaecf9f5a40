import { useEffect, useRef, useState } from "preact/hooks";
import { useMe } from "../../api/queries";
import { date } from "../../format";
import { said, texts } from "../../texts/language";
import { Button } from "../../ui/button";
import { Notice } from "../../ui/notice";

const TEXTS = texts({
  nn: {
    title: "Gjenopprettingskodane dine",
    text: "Autentiseringsappen er på. Mistar du telefonen, loggar du inn med ein av desse i staden for koden frå appen. Kvar verkar éin gong. Dei blir viste berre no, så skriv dei ut eller lagre dei ein trygg stad.",
    printed: (email: string, when: string) => `Kundeapp, ${email}, ${when}`,
    copy: "Kopier",
    copied: "Kodane er kopierte.",
    notCopied: "Nettlesaren ville ikkje kopiere. Skriv dei ut, eller skriv dei av.",
    print: "Skriv ut",
    done: "Eg har lagra kodane",
  },
  nb: {
    title: "Gjenopprettingskodene dine",
    text: "Autentiseringsappen er på. Mister du telefonen, logger du inn med en av disse i stedet for koden fra appen. Hver virker én gang. De blir vist bare nå, så skriv dem ut eller lagre dem et trygt sted.",
    printed: (email: string, when: string) => `Kundeapp, ${email}, ${when}`,
    copy: "Kopier",
    copied: "Kodene er kopiert.",
    notCopied: "Nettleseren ville ikke kopiere. Skriv dem ut, eller skriv dem av.",
    print: "Skriv ut",
    done: "Jeg har lagret kodene",
  },
  en: {
    title: "Your recovery codes",
    text: "The authenticator app is on. If you lose your phone, log in with one of these instead of the code from the app. Each works once. They are shown only now, so print them or save them in a safe place.",
    printed: (email: string, when: string) => `Kundeapp, ${email}, ${when}`,
    copy: "Copy",
    copied: "The codes are copied.",
    notCopied: "The browser did not copy. Print them, or write them down.",
    print: "Print",
    done: "I have saved the codes",
  },
});

/** Recovery codes, which are shown this once. */
export function RecoveryCodes({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const words = said(TEXTS);
  const { data: account } = useMe();
  const [isCopied, setIsCopied] = useState<boolean | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(codes.join("\n"));
      setIsCopied(true);
    } catch {
      setIsCopied(false);
    }
  }

  return (
    <div class="stack">
      <h3 ref={heading} tabIndex={-1} class="ds-heading" data-size="2xs">
        {words.title}
      </h3>
      <div class="not-printed">
        <Notice color="warning">{words.text}</Notice>
      </div>
      <p class="only-printed">{words.printed(account?.email ?? "", date(Date.now()))}</p>
      <ol class="recovery-codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ol>
      <div class="actions not-printed">
        <Button variant="secondary" onClick={() => void copy()}>
          {words.copy}
        </Button>
        <Button variant="secondary" onClick={() => window.print()}>
          {words.print}
        </Button>
        <Button onClick={onDone}>{words.done}</Button>
      </div>
      <p class="quiet told not-printed" role="status">
        {isCopied !== null && (isCopied ? words.copied : words.notCopied)}
      </p>
    </div>
  );
}
