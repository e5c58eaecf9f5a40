import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { forgetClock, heard, now } from "./clock";

const NOON = Date.parse("2026-12-05T12:00:00Z");

beforeEach(() => {
  vi.useFakeTimers({ now: NOON });
  forgetClock();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("the server's clock", () => {
  it("is ours until an answer was heard", () => {
    heard(null, NOON, NOON);
    expect(now()).toBe(NOON);
  });

  it("is known to the second from one answer", () => {
    heard("Sat, 05 Dec 2026 12:01:00 GMT", NOON, NOON);
    expect(now()).toBe(NOON + 60_500);
  });

  it("is known more closely from several, since each names the second it fell into", () => {
    heard("Sat, 05 Dec 2026 12:01:00 GMT", NOON, NOON); // ahead by 60.0 to 61.0 s
    heard("Sat, 05 Dec 2026 12:01:00 GMT", NOON + 700, NOON + 800); // by 59.2 to 60.3 s
    expect(now()).toBe(NOON + 60_150);
  });

  it("is learnt anew when a clock was set", () => {
    heard("Sat, 05 Dec 2026 12:01:00 GMT", NOON, NOON);
    heard("Sat, 05 Dec 2026 12:00:00 GMT", NOON, NOON);
    expect(now()).toBe(NOON + 500);
  });
});
