import { useEffect, useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { useMe } from "../../../api/queries";
import { whole } from "../../../format";
import { at, ROUTES } from "../../../routes";
import { said, texts } from "../../../texts/language";
import { Notice } from "../../../ui/notice";
import { forget, tapsOf } from "./kept";
import { type Tap, waits } from "./log";

const TEXTS = texts({
  nn: {
    waiting: (taps: string) =>
      `${taps} ${taps === "1" ? "registrering" : "registreringar"} frå døra er ikkje sende frå denne eininga.`,
    keep: "Vi sletter ingenting før det er sendt.",
    open: "Opne døra og send",
  },
  nb: {
    waiting: (taps: string) =>
      `${taps} ${taps === "1" ? "registrering" : "registreringer"} fra døren er ikke sendt fra denne enheten.`,
    keep: "Vi sletter ingenting før det er sendt.",
    open: "Åpne døren og send",
  },
  en: {
    waiting: (taps: string) =>
      `${taps} ${taps === "1" ? "record" : "records"} of the door were not sent from this device.`,
    keep: "We delete nothing before it is sent.",
    open: "Open the door and send",
  },
});

/**
 * What a device has kept of the door is forgotten when its user logs out or is another one, unless
 * something was not sent: then that is said on every page.
 */
export default function LeftBehind() {
  const words = said(TEXTS);
  const { data: me } = useMe();
  const [location] = useLocation();
  const [waiting, setWaiting] = useState<Tap[]>([]);
  useEffect(() => {
    let isOver = false;
    async function look(): Promise<void> {
      if (me !== undefined && !me?.roles.includes("EVENT_STAFF")) await forget();
      const taps = (await tapsOf()).filter(waits);
      if (!isOver) setWaiting(taps);
    }
    void look();
    return () => {
      isOver = true;
    };
  }, [me, location]);
  const [first] = waiting;
  if (first === undefined) return null;
  const door = at(ROUTES.door, { event: first.event });
  // The door itself says what waits.
  if (location === door && me !== null) return null;
  return (
    <div class="page">
      <Notice color="warning">
        <p>
          <strong>{words.waiting(whole(waiting.length))}</strong> {words.keep}
        </p>
        {location !== door && (
          <p>
            <Link class="ds-link" href={door}>
              {words.open}
            </Link>
          </p>
        )}
      </Notice>
    </div>
  );
}
