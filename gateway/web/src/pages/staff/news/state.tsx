import { said, texts } from "../../../texts/language";
import type { Mailing } from "../queries";

const TEXTS = texts({
  nn: {
    DRAFT: "Kladd",
    SCHEDULED: "Planlagt",
    SENDING: "Går ut",
    SENT: "Sendt",
    STOPPED: "Stoppa",
  },
  nb: {
    DRAFT: "Kladd",
    SCHEDULED: "Planlagt",
    SENDING: "Går ut",
    SENT: "Sendt",
    STOPPED: "Stoppet",
  },
  en: {
    DRAFT: "Draft",
    SCHEDULED: "Scheduled",
    SENDING: "Going out",
    SENT: "Sent",
    STOPPED: "Stopped",
  },
});

const COLORS = {
  DRAFT: "warning",
  SCHEDULED: "info",
  SENDING: "info",
  SENT: "success",
  STOPPED: "danger",
};

/** Where a mailing is. */
export function StateTag({ state }: { state: Mailing["state"] }) {
  if (state === "STATE_UNSPECIFIED") return null;
  return (
    <span class="ds-tag" data-color={COLORS[state]}>
      {said(TEXTS)[state]}
    </span>
  );
}
