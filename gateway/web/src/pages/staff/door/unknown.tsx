import { said, texts } from "../../../texts/language";
import { Button } from "../../../ui/button";
import { Dialog } from "../../../ui/dialog";

const TEXTS = texts({
  nn: {
    title: "Denne billetten er ikkje på lista",
    text: "Han kan vere reservert etter at lista vart henta, gjelde eit anna arrangement, eller vere gitt tilbake. Søk på namnet først.",
    admit: "Slepp inn 1 likevel",
    close: "Søk på namn",
  },
  nb: {
    title: "Denne billetten er ikke på listen",
    text: "Den kan være reservert etter at listen ble hentet, gjelde et annet arrangement, eller være gitt tilbake. Søk på navnet først.",
    admit: "Slipp inn 1 likevel",
    close: "Søk på navn",
  },
  en: {
    title: "This ticket is not on the list",
    text: "It may have been reserved after the list was fetched, be for another event, or have been given back. Search by name first.",
    admit: "Let in 1 all the same",
    close: "Search by name",
  },
});

/** A ticket that nobody knows here; staff decide. */
export function UnknownDialog({
  shown,
  onAdmit,
  onClose,
}: {
  shown: string;
  onAdmit: () => void;
  onClose: () => void;
}) {
  const words = said(TEXTS);
  return (
    <Dialog title={words.title} onClose={onClose}>
      <p class="codes">{shown.slice(0, 64)}</p>
      <p>{words.text}</p>
      <div class="stack tight">
        <Button wide onClick={onClose}>
          {words.close}
        </Button>
        <Button wide variant="secondary" color="danger" onClick={onAdmit}>
          {words.admit}
        </Button>
      </div>
    </Dialog>
  );
}
