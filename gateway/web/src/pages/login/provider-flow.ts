import { keepForLater, takenOut } from "./kept";

/** What was begun with a third party, and where to go on when it is done. */
type Begun = { purpose: "login" | "link"; name: string; back: string };

const KEPT = "provider-flow";

/** Sends the browser to a third party, and remembers why. */
export function sendTo(authorizationUrl: string, begun: Begun): void {
  keepForLater(KEPT, begun);
  location.assign(authorizationUrl);
}

/** Returns what was begun in this tab, this once. */
export function begunHere(): Begun | undefined {
  return takenOut<Begun>(KEPT);
}
