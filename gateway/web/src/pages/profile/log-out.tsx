import { useState } from "preact/hooks";
import { api, attempt } from "../../api/client";
import { leaveFor } from "../../api/person";
import { Problem } from "../../api/problem";
import { said, texts } from "../../texts/language";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/button";
import { Failed } from "../../ui/failed";
import { loginAfter } from "../login/login";
import { Confirm } from "./confirm";

const TEXTS = texts({
  nn: {
    here: "Logg ut",
    everywhere: "Logg ut overalt",
    title: "Logge ut overalt?",
    text: "Du blir logga ut her og på alle andre einingar, også i appen.",
  },
  nb: {
    here: "Logg ut",
    everywhere: "Logg ut overalt",
    title: "Logge ut overalt?",
    text: "Du blir logget ut her og på alle andre enheter, også i appen.",
  },
  en: {
    here: "Log out",
    everywhere: "Log out everywhere",
    title: "Log out everywhere?",
    text: "You are logged out here and on all other devices, in the app too.",
  },
});

/** Logs out here or everywhere; nothing of the person stays in the browser. */
export function LogOut() {
  const words = said(TEXTS);
  const [asks, setAsks] = useState(false);
  const here = useAction(async () => {
    await endHere();
    await leaveFor(loginAfter("utlogga"));
  });
  const everywhere = useAction(async (_, headers) => {
    await api.POST("/v1/me/sessions:endAll", {
      params: { header: headers },
      body: { keepCurrent: true }, // which then ends by itself, so that its cookies go too
    });
    await endHere();
    await leaveFor(loginAfter("overalt"));
  });
  return (
    <section class="stack">
      <div class="actions">
        <Button variant="secondary" busy={here.busy} onClick={() => void here.run()}>
          {words.here}
        </Button>
        <Button variant="tertiary" onClick={() => setAsks(true)}>
          {words.everywhere}
        </Button>
      </div>
      {here.error !== null && <Failed error={here.error} />}
      {asks && (
        <Confirm
          title={words.title}
          yes={words.everywhere}
          action={everywhere}
          onYes={() => void everywhere.run()}
          onClose={() => setAsks(false)}
        >
          <p>{words.text}</p>
        </Confirm>
      )}
    </section>
  );
}

async function endHere(): Promise<void> {
  try {
    await api.DELETE("/v1/sessions/current", { params: { header: attempt() } });
  } catch (error) {
    if (!(error instanceof Problem && error.status === 401)) throw error; // it has ended already
  }
}
