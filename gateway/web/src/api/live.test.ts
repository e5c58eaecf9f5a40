import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { follow } from "./live";
import { queries } from "./queries";

/** A gateway whose streams the test feeds, ends and forgets. */
class Gateway {
  readonly opened: ReadableStreamDefaultController<Uint8Array>[] = [];
  /** What the stream is answered with, while it is not 200. */
  status = 200;
  isRefreshed = true;

  readonly fetch = async (to: string | Request, options?: RequestInit): Promise<Response> => {
    if (typeof to !== "string") return new Response(null, { status: this.isRefreshed ? 200 : 401 });
    if (this.status !== 200) return new Response(null, { status: this.status });
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.opened.push(controller);
        options?.signal?.addEventListener("abort", () => controller.error(new Error("aborted")));
      },
    });
    return new Response(body);
  };

  tell(text: string): void {
    this.opened.at(-1)?.enqueue(new TextEncoder().encode(text));
  }
}

let gateway: Gateway;
let end: () => void;
let fetchedAgain: string[];

beforeEach(() => {
  vi.useFakeTimers();
  gateway = new Gateway();
  fetchedAgain = [];
  vi.stubGlobal("fetch", gateway.fetch);
  vi.stubGlobal("navigator", {
    locks: { request: (_: string, act: () => Promise<boolean>) => act() },
  });
  vi.spyOn(queries, "invalidateQueries").mockImplementation(async (filters) => {
    fetchedAgain.push(String(filters?.queryKey?.[0]));
  });
});

/** Begins to follow, where the gateway answers with a status. */
async function begin(status = 200): Promise<void> {
  gateway.status = status;
  end = follow();
  await pass(0);
}

afterEach(async () => {
  end();
  await vi.runAllTimersAsync();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
  queries.clear();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("the live stream", () => {
  it("fetches all again when it is ready, since nothing is replayed", async () => {
    await begin();
    gateway.tell("event: ready\ndata: {}\n\n");
    await pass(0);
    expect(fetchedAgain.sort()).toEqual(["events", "guests", "reservations", "waitlist"]);
  });

  it("fetches again what an offer touches, also where it comes in pieces", async () => {
    await begin();
    gateway.tell("id: 1\nevent: offer.ma");
    gateway.tell('de\ndata: {"eventId": "7"}\n\n');
    await pass(0);
    expect(fetchedAgain.sort()).toEqual(["events", "reservations", "waitlist"]);
  });

  it("fetches once what happens at once, and again what happened after that", async () => {
    await begin();
    for (let times = 0; times < 5; times++) gateway.tell("event: event.changed\ndata: {}\n\n");
    await pass(400);
    expect(fetchedAgain).toEqual(["events"]);
    await pass(200);
    expect(fetchedAgain).toEqual(["events", "events"]);
    await pass(5_000);
    expect(fetchedAgain).toHaveLength(2);
  });

  it("shows how many tickets are left without fetching", async () => {
    queries.setQueryData(["events", "coming"], [{ id: "7", available: 9 }, { id: "8" }]);
    queries.setQueryData(["events", "7"], { id: "7", available: 9 });
    await begin();
    gateway.tell('event: inventory.changed\ndata: {"eventId": "7", "available": 3}\n\n');
    await pass(0);
    expect(queries.getQueryData(["events", "coming"])).toEqual([
      { id: "7", available: 3 },
      { id: "8" },
    ]);
    expect(queries.getQueryData(["events", "7"])).toEqual({ id: "7", available: 3 });
    expect(fetchedAgain).toEqual([]);
  });

  it("is opened again after it has ended", async () => {
    await begin();
    gateway.opened[0]?.close();
    await pass(1_000);
    expect(gateway.opened).toHaveLength(2);
  });

  it("is opened again after a silence that is too long, and not while it gives signs of life", async () => {
    await begin();
    for (let times = 0; times < 5; times++) {
      await pass(15_000);
      gateway.tell(":\n\n");
    }
    await pass(39_000);
    expect(gateway.opened).toHaveLength(1);
    await pass(2_000);
    expect(gateway.opened).toHaveLength(2);
  });

  it("is opened again at once when the page is back on the net", async () => {
    await begin(503);
    await pass(60_000);
    gateway.status = 200;
    window.dispatchEvent(new Event("online"));
    await pass(0);
    expect(gateway.opened).toHaveLength(1);
  });

  it("goes on with a new access token, and ends with the session", async () => {
    await begin(401);
    await pass(60_000);
    gateway.status = 200;
    await pass(15_000);
    expect(gateway.opened).toHaveLength(1);
    gateway.status = 401;
    gateway.isRefreshed = false;
    gateway.opened[0]?.close();
    await pass(1_000);
    gateway.status = 200;
    await pass(60_000);
    expect(gateway.opened).toHaveLength(1);
  });
});
