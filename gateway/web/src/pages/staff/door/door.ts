import { signal } from "@preact/signals";
import { answerOf, api, attempt } from "../../../api/client";
import { LoginDeclined, Offline, Problem } from "../../../api/problem";
import { deviceName } from "../../login/device";
import type { GuestList } from "../queries";
import { keep, listOf, tapsOf } from "./kept";
import { merged, type Outcome, type Tap, updated, waits } from "./log";

const MOST_AT_ONCE = 1000;
const DEVICE = "door-device";

/** How things stand between this device and the others. */
export type Link = "unknown" | "online" | "offline" | "loggedOut";

/** Returns what this device is called at the door. */
export function device(): string {
  const known = localStorage.getItem(DEVICE);
  if (known) return known;
  const made = `${deviceName()} ${crypto.randomUUID().slice(0, 4).toUpperCase()}`.trim();
  localStorage.setItem(DEVICE, made);
  return made;
}

/** Gives this device another name. */
export function nameDevice(name: string): void {
  localStorage.setItem(DEVICE, name);
}

/**
 * The door of an event. What is tapped is kept on the device first, then shown, and then sent: at once,
 * or whenever there is a network again.
 */
export class Door {
  readonly list = signal<GuestList | null>(null);
  readonly taps = signal<readonly Tap[]>([]);
  readonly link = signal<Link>("unknown");
  /** Why it is not in step, if not for want of a network or a login. */
  readonly trouble = signal<unknown>(null);

  readonly #others: BroadcastChannel;
  /** Taps that are asked about: the guests wait for the answer. All others are in, and only told of. */
  readonly #asked = new Set<string>();
  #running: Promise<void> | undefined;
  #isWanted = false;

  constructor(readonly event: string) {
    // Tabs of a browser share what is kept.
    this.#others = new BroadcastChannel(`kundeapp-door-${event}`);
    this.#others.onmessage = () => void this.load();
  }

  /** Shows what is kept. */
  async load(): Promise<void> {
    const [list, taps] = await Promise.all([listOf(this.event), tapsOf(this.event)]);
    if (list) this.list.value = list;
    this.taps.value = taps;
  }

  close(): void {
    this.#others.close();
  }

  /** Keeps what was tapped, and begins to send it; throws if this device cannot keep it. */
  async tap(what: Pick<Tap, "kind" | "guests"> & Partial<Tap>): Promise<void> {
    const tap: Tap = {
      reservationId: "",
      ticket: "",
      code: "",
      isDecided: false,
      ...what,
      nonce: crypto.randomUUID(),
      event: this.event,
      device: device(),
      happenedAt: new Date().toISOString(),
      outcome: null,
      isSettled: false,
    };
    await this.#keep([tap]);
    const isKnown = tap.kind === "ADMIT" && tap.reservationId !== "";
    if (isKnown && this.link.value === "online") this.#asked.add(tap.nonce);
    void this.exchange();
  }

  /** Remembers that staff have looked at what came of a tap. */
  async settle(tap: Tap): Promise<void> {
    await this.#keep([{ ...tap, isSettled: true }]);
  }

  /** Sends what waits, and then fetches what has changed; tells by its signals how that went. */
  exchange(): Promise<void> {
    this.#isWanted = true;
    this.#running ??= this.#alone().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** In one tab at a time. */
  async #alone(): Promise<void> {
    await navigator.locks.request(`kundeapp-door-${this.event}`, () => this.#exchangeAll());
  }

  async #exchangeAll(): Promise<void> {
    try {
      while (this.#isWanted) {
        this.#isWanted = false;
        await this.load();
        // In this order: what the list says already must not be counted as waiting as well.
        await this.#send();
        await this.#fetch();
        this.link.value = "online";
        this.trouble.value = null;
      }
    } catch (error) {
      this.#isWanted = false;
      this.#asked.clear();
      if (error instanceof LoginDeclined) this.link.value = "loggedOut";
      else if (error instanceof Offline) this.link.value = "offline";
      else this.trouble.value = error;
    }
  }

  async #fetch(): Promise<void> {
    const known = this.list.value;
    const params = {
      path: { event_id: this.event },
      query: known ? { sinceVersion: known.version } : {},
    };
    const answer = await answerOf(api.GET("/v1/events/{event_id}/guestList", { params }));
    await this.#keep([], known ? merged(known, answer) : answer);
  }

  async #send(): Promise<void> {
    for (;;) {
      const waiting = this.taps.value.filter(waits);
      const [first] = waiting;
      if (first === undefined) return;
      if (this.#asked.delete(first.nonce) && (await this.#ask(first))) continue;
      const told = ({ nonce, device }: Tap) => device === first.device && !this.#asked.has(nonce);
      await this.#sync(waiting.filter(told));
    }
  }

  /**
   * Has a tap recorded only if it adds up.
   *
   * @returns Whether that was decided; else it is sent like any other.
   */
  async #ask(tap: Tap): Promise<boolean> {
    const { ticket, reservationId, guests, device, nonce, isDecided } = tap;
    try {
      const answer = await answerOf(
        api.POST("/v1/events/{event_id}/door:admit", {
          params: { path: { event_id: this.event }, header: attempt() },
          body: {
            ...(ticket ? { ticket } : { reservationId }),
            guests,
            device,
            nonce,
            override: isDecided,
          },
        }),
      );
      const outcome = answer.outcome === "ADMITTED" ? "RECORDED" : "REFUSED";
      await this.#sent([[tap, outcome, reservationId]], answer.party ? [answer.party] : []);
      return true;
    } catch (error) {
      if (error instanceof Problem && error.status < 500 && error.status !== 429) return false;
      throw error;
    }
  }

  async #sync(waiting: readonly Tap[]): Promise<void> {
    const taps = waiting.slice(0, MOST_AT_ONCE);
    const { results, parties } = await answerOf(
      api.POST("/v1/events/{event_id}/door:sync", {
        params: { path: { event_id: this.event }, header: attempt() },
        body: {
          device: taps[0]?.device ?? device(),
          deviceTime: new Date().toISOString(),
          records: taps.map(({ nonce, kind, ticket, reservationId, guests, happenedAt }) => ({
            nonce,
            kind,
            ...(ticket ? { ticket } : { reservationId }),
            guests,
            happenedAt,
          })),
        },
      }),
    );
    const of = new Map(results.map((result) => [result.nonce, result]));
    const known = taps.flatMap((tap): [Tap, Outcome, string][] => {
      const result = of.get(tap.nonce);
      if (result === undefined || result.outcome === "OUTCOME_UNSPECIFIED") return [];
      return [[tap, result.outcome, result.reservationId]];
    });
    if (known.length === 0) throw new Offline("no record was answered");
    await this.#sent(known, parties);
  }

  /** Notes what came of taps; the tickets that were shown are forgotten. */
  async #sent(known: readonly [Tap, Outcome, string][], parties: GuestList["parties"]) {
    const list = this.list.value;
    await this.#keep(
      known.map(([tap, outcome, reservationId]) => ({
        ...tap,
        outcome,
        reservationId: reservationId || tap.reservationId,
        ticket: "",
        isSettled: tap.isDecided,
      })),
      list ? updated(list, parties) : undefined,
    );
  }

  async #keep(taps: readonly Tap[], list?: GuestList): Promise<void> {
    await keep(taps, list);
    if (list) this.list.value = list;
    const names = new Set(taps.map(({ nonce }) => nonce));
    this.taps.value = [...this.taps.value.filter(({ nonce }) => !names.has(nonce)), ...taps].sort(
      (one, other) => Date.parse(one.happenedAt) - Date.parse(other.happenedAt),
    );
    this.#others.postMessage(null);
  }
}
