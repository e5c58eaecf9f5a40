import type { ComponentChildren } from "preact";
import { dateAndTime } from "../format";
import { said, texts } from "../texts/language";
import { Failed } from "./failed";
import { Notice } from "./notice";
import type { Shown } from "./together";

const TEXTS = texts({
  nn: {
    loading: "Hentar …",
    old: (when: string) => `Vi får ikkje kontakt. Dette er slik det var ${when}.`,
  },
  nb: {
    loading: "Henter …",
    old: (when: string) => `Vi får ikke kontakt. Dette er slik det var ${when}.`,
  },
  en: {
    loading: "Loading …",
    old: (when: string) => `We cannot connect. This is how it was ${when}.`,
  },
});

/** Something that is fetched: while it is, when it is here, when it is old, and when it failed. */
export function Loaded<Data>({
  query,
  children,
}: {
  query: Shown<Data>;
  children: (data: Data) => ComponentChildren;
}) {
  const words = said(TEXTS);
  if (query.data !== undefined) {
    return (
      <>
        {query.error && (
          <Notice color="warning">{words.old(dateAndTime(query.dataUpdatedAt))}</Notice>
        )}
        {children(query.data)}
      </>
    );
  }
  if (query.error) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  return <Loading />;
}

/** Stands in for what is being fetched. */
export function Loading() {
  return (
    <div class="loading" role="status">
      <span class="ds-sr-only">{said(TEXTS).loading}</span>
      {[90, 60, 75].map((width) => (
        <span
          key={width}
          class="ds-skeleton"
          data-variant="rectangle"
          style={{ width: `${width}%` }}
        />
      ))}
    </div>
  );
}
