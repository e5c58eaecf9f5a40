import { said, texts } from "../../../texts/language";
import type { Event } from "../queries";
import { phaseOf } from "./phase";

const TEXTS = texts({
  nn: {
    draft: "Kladd",
    coming: "Publisert",
    cancelled: "Avlyst",
    past: "Over",
    ballot: "Lodding",
  },
  nb: {
    draft: "Kladd",
    coming: "Publisert",
    cancelled: "Avlyst",
    past: "Over",
    ballot: "Loddtrekning",
  },
  en: {
    draft: "Draft",
    coming: "Published",
    cancelled: "Cancelled",
    past: "Over",
    ballot: "Ballot",
  },
});

const COLORS = { draft: "warning", coming: "success", cancelled: "danger", past: "neutral" };

/** Where an event is, and whether its tickets are drawn. */
export function StatusTag({ event }: { event: Event }) {
  const words = said(TEXTS);
  const phase = phaseOf(event);
  return (
    <>
      <span class="ds-tag" data-color={COLORS[phase]}>
        {words[phase]}
      </span>
      {event.mode === "BALLOT" && (
        <span class="ds-tag" data-color="info">
          {words.ballot}
        </span>
      )}
    </>
  );
}
