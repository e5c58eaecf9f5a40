import { said, texts } from "./texts/language";
import { Button } from "./ui/button";
import { newVersion } from "./update";

const TEXTS = texts({
  nn: { text: "Det er ei ny utgåve av appen.", update: "Oppdater" },
  nb: { text: "Det er en ny utgave av appen.", update: "Oppdater" },
  en: { text: "There is a new version of the app.", update: "Update" },
});

/** Offers a new version; it waits until somebody wants it, so that nothing typed is lost. */
export function UpdateNotice() {
  const words = said(TEXTS);
  const takeIntoUse = newVersion.value;
  return (
    <div role="status" class="update">
      {takeIntoUse && (
        <p class="row">
          <span>{words.text}</span>
          <Button variant="secondary" onClick={takeIntoUse}>
            {words.update}
          </Button>
        </p>
      )}
    </div>
  );
}
