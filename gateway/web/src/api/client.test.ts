import { beforeEach, describe, expect, it, vi } from "vitest";
import { answerOf, api, attempt, whenLoggedOut, whenProofIsNeeded } from "./client";
import { LoginDeclined, Problem, ProofDeclined } from "./problem";

/** What the gateway answers with, one after the other, and what it was sent. */
let answers: Response[];
let sent: { path: string; body: string }[];

beforeEach(() => {
  answers = [];
  sent = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    sent.push({ path: new URL(request.url).pathname, body: await request.text() });
    return answers.shift();
  });
  vi.stubGlobal("navigator", {
    locks: { request: (_: string, act: () => Promise<boolean>) => act() },
  });
  whenLoggedOut(async () => false);
  whenProofIsNeeded(async () => false);
});

function refused(code: string): Response {
  return Response.json(
    { type: `/docs#${code}`, title: code, status: 401, detail: code, code, traceId: "" },
    { status: 401, headers: { "content-type": "application/problem+json" } },
  );
}

const done = () => Response.json({});

function link(): Promise<unknown> {
  const body = { customerNumber: "100001", pin: "73520164" };
  return answerOf(api.POST("/v1/me/customers:link", { params: { header: attempt() }, body }));
}

describe("a request that is refused with 401", () => {
  it("is not sent again where a PIN is wrong, since each try counts", async () => {
    answers = [refused("WRONG_CUSTOMER_NUMBER_OR_PIN")];
    await expect(link()).rejects.toThrow(Problem);
    expect(sent).toHaveLength(1);
  });

  it("is sent again, the same, when the session is renewed", async () => {
    answers = [refused("UNAUTHENTICATED"), done(), done()];
    await link();
    expect(sent.map(({ path }) => path)).toEqual([
      "/v1/me/customers:link",
      "/v1/sessions:refresh",
      "/v1/me/customers:link",
    ]);
    expect(sent[2]?.body).toBe(sent[0]?.body);
  });

  it("waits for a login where the session has ended", async () => {
    answers = [refused("SESSION_ENDED"), refused("SESSION_ENDED"), done()];
    whenLoggedOut(async () => true);
    await link();
    expect(sent).toHaveLength(3);
  });

  it("is given up where nobody logs in", async () => {
    answers = [refused("SESSION_ENDED"), refused("SESSION_ENDED")];
    await expect(link()).rejects.toThrow(LoginDeclined);
  });

  it("goes on when whoever is there has proven who they are", async () => {
    answers = [refused("REAUTHENTICATION_NEEDED"), done()];
    whenProofIsNeeded(async () => true);
    await link();
    expect(sent).toHaveLength(2);
  });

  it("goes on also where the session had to be renewed first", async () => {
    answers = [refused("UNAUTHENTICATED"), done(), refused("REAUTHENTICATION_NEEDED"), done()];
    whenProofIsNeeded(async () => true);
    await link();
    expect(sent).toHaveLength(4);
  });

  it("is given up where they do not", async () => {
    answers = [refused("REAUTHENTICATION_NEEDED")];
    await expect(link()).rejects.toThrow(ProofDeclined);
  });

  it("asks nobody to log in who only wants to know who is logged in, or to log out", async () => {
    const ask = vi.fn(async () => true);
    whenLoggedOut(ask);
    answers = [refused("UNAUTHENTICATED"), refused("SESSION_ENDED")];
    await expect(api.GET("/v1/me")).rejects.toThrow(Problem);
    answers = [refused("SESSION_ENDED"), refused("SESSION_ENDED")];
    await expect(api.DELETE("/v1/sessions/current")).rejects.toThrow(Problem);
    expect(ask).not.toHaveBeenCalled();
  });
});
