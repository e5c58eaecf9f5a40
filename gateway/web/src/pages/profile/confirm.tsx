import type { ComponentChildren } from "preact";
import { said, texts } from "../../texts/language";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { Failed } from "../../ui/failed";

const TEXTS = texts({
  nn: { cancel: "Avbryt" },
  nb: { cancel: "Avbryt" },
  en: { cancel: "Cancel" },
});

/** Asks whether something shall be done that is hard to undo. */
export function Confirm({
  title,
  yes,
  action,
  onYes,
  onClose,
  children,
}: {
  title: string;
  yes: string;
  action: { busy: boolean; error: unknown };
  onYes: () => void;
  onClose: () => void;
  children: ComponentChildren;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {action.error !== null && <Failed error={action.error} />}
      <div class="actions">
        <Button color="danger" busy={action.busy} onClick={onYes}>
          {yes}
        </Button>
        <Button variant="secondary" color="neutral" onClick={onClose}>
          {said(TEXTS).cancel}
        </Button>
      </div>
    </Dialog>
  );
}
