import type { ComponentChildren } from "preact";
import { shared } from "./words";

/** The table behind a chart, for whoever opens it; a narrow screen scrolls it sideways. */
export function TableBehind({
  name,
  summary = shared().showTable,
  children,
}: {
  name: string;
  summary?: string;
  children: ComponentChildren;
}) {
  return (
    <details class="ds-details">
      <summary>{summary}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard */}
      <section class="scrolls" aria-label={name} tabIndex={0}>
        <table class="ds-table figures">
          <caption class="ds-sr-only">{name}</caption>
          {children}
        </table>
      </section>
    </details>
  );
}
