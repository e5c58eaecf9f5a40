import { createParser, type EventSourceMessage } from "eventsource-parser";
import { refreshSession } from "./client";
import { queries } from "./queries";
import type { components } from "./schema";

type Event = components["schemas"]["Event"];
type Availability = components["schemas"]["AvailabilityChanged"];

/** What is fetched again when something happens, by the first word of its name. */
const CHANGED: Record<string, readonly string[]> = {
  event: ["events"],
  reservation: ["reservations", "events", "guests"],
  tickets: ["reservations", "events", "guests"],
  waitlist: ["waitlist", "events"],
  offer: ["waitlist", "reservations", "events"],
  guest: ["guests", "reservations"],
};
const ALL = new Set(Object.values(CHANGED).flat());

const OPEN_AGAIN_MS = [1_000, 2_000, 5_000, 15_000];
/** There is a sign of life every 15 seconds; after a longer silence the connection is dead. */
const DEAD_AFTER_MS = 40_000;
/** What happens within this time is fetched once: else many events could cut off every fetch. */
const TOGETHER_MS = 500;

/**
 * Fetches again what changes, while it changes, for as long as somebody is logged in. A stream that
 * is lost is opened again; and so it is, at once, when the page is seen again or back on the net,
 * since a connection may have died in its sleep.
 *
 * @returns What ends it.
 */
export function follow(): () => void {
  const ended = new AbortController();
  let open = new AbortController();
  let failures = 0;

  async function keepOpen(): Promise<void> {
    while (!ended.signal.aborted) {
      open = new AbortController();
      const signal = AbortSignal.any([ended.signal, open.signal]);
      try {
        const isLoggedIn = await listen(signal, () => {
          failures = 0;
        });
        if (!isLoggedIn) {
          if (!(await refreshSession())) return;
          if (failures++ === 0) continue; // the new access token opens it
        }
      } catch {
        // Out of reach, or cut off: it is opened again like one that has ended.
      }
      if (open.signal.aborted) continue;
      await pause(OPEN_AGAIN_MS[Math.min(failures++, OPEN_AGAIN_MS.length - 1)], signal);
    }
  }

  function wake(): void {
    if (document.visibilityState === "hidden") return;
    failures = 0;
    open.abort();
  }

  document.addEventListener("visibilitychange", wake);
  window.addEventListener("online", wake);
  void keepOpen();
  return () => {
    ended.abort();
    document.removeEventListener("visibilitychange", wake);
    window.removeEventListener("online", wake);
  };
}

async function pause(ms: number | undefined, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    setTimeout(resolve, ms);
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/**
 * Listens until the stream ends.
 *
 * @returns Whether it could: false if only a new access token opens it.
 */
async function listen(signal: AbortSignal, onOpen: () => void): Promise<boolean> {
  const dead = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const isAlive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => dead.abort(), DEAD_AFTER_MS);
  };
  isAlive();
  try {
    const answer = await fetch("/v1/me/stream", {
      signal: AbortSignal.any([signal, dead.signal]),
    });
    if (answer.status === 401) return false;
    if (!answer.ok || answer.body === null) throw new Error(`answered ${answer.status}`);
    onOpen();
    const parser = createParser({ onEvent: take });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return true;
      isAlive();
      parser.feed(value);
    }
  } finally {
    clearTimeout(timer);
  }
}

function take({ event = "", data }: EventSourceMessage): void {
  if (event === "ready") fetchAgain(ALL);
  else if (event === "inventory.changed") showLeft(JSON.parse(data));
  else fetchAgain(CHANGED[event.split(".")[0] ?? ""] ?? []);
}

/**
 * Shows how many tickets are left to an event. All who look on are told so at the same moment: if
 * each of them fetched it, a popular event would bring as many requests as it has spectators.
 */
function showLeft({ eventId, available }: Availability): void {
  const changed = (event: Event) => (event.id === eventId ? { ...event, available } : event);
  queries.setQueriesData<Event | Event[]>({ queryKey: ["events"] }, (known) =>
    Array.isArray(known) ? known.map(changed) : known && changed(known),
  );
  // What is being fetched may have been read before.
  if (queries.isFetching({ queryKey: ["events"] }) > 0) fetchAgain(["events"]);
}

const waiting = new Set<string>();
let isGathering = false;

function fetchAgain(keys: Iterable<string>): void {
  for (const key of keys) waiting.add(key);
  if (!isGathering) fetchWaiting();
}

function fetchWaiting(): void {
  isGathering = waiting.size > 0;
  if (!isGathering) return;
  for (const key of waiting) void queries.invalidateQueries({ queryKey: [key] });
  waiting.clear();
  setTimeout(fetchWaiting, TOGETHER_MS);
}
