import createClient, { type Middleware } from "openapi-fetch";
import { language } from "../texts/language";
import { heard } from "./clock";
import { LoginDeclined, Offline, Problem, ProofDeclined } from "./problem";
import type { paths } from "./schema";

const LOST_AFTER_MS = 15_000;
/** All that is held about somebody is put together before the first byte comes. */
const EXPORT_LOST_AFTER_MS = 180_000;

let askForLogin: () => Promise<boolean> = async () => false;
let askForProof: () => Promise<boolean> = async () => false;
let refreshing: Promise<boolean> | undefined;

/** Has somebody asked to log in again where a session has ended; resolves to whether they did. */
export function whenLoggedOut(ask: () => Promise<boolean>): void {
  askForLogin = ask;
}

/** Has somebody asked who they are where a login is too long ago; resolves to whether they told. */
export function whenProofIsNeeded(ask: () => Promise<boolean>): void {
  askForProof = ask;
}

/**
 * Gets the next access token, once for all requests that want it, in all tabs of the browser.
 *
 * @returns Whether the session goes on.
 */
export function refreshSession(): Promise<boolean> {
  refreshing ??= locked(async () => {
    const answer = await sent(
      new Request("/v1/sessions:refresh", {
        method: "POST",
        headers: { "content-type": "application/json", "accept-language": language.value },
        body: "{}",
      }),
    );
    if (answer.status >= 500 || answer.status === 429) throw await problemOf(answer);
    if (!answer.ok) localStorage.removeItem(HAS_SESSION);
    return answer.ok;
  }).finally(() => {
    refreshing = undefined;
  });
  return refreshing;
}

async function locked<Result>(act: () => Promise<Result>): Promise<Result> {
  return await navigator.locks.request("kundeapp-refresh", act);
}

async function sent(request: Request): Promise<Response> {
  const isExport = new URL(request.url).pathname === "/v1/me/export";
  const lost = AbortSignal.timeout(isExport ? EXPORT_LOST_AFTER_MS : LOST_AFTER_MS);
  const askedAt = Date.now();
  try {
    const signal = AbortSignal.any([request.signal, lost]);
    const answer = await fetch(new Request(request, { signal }));
    heard(answer.headers.get("date"), askedAt, Date.now());
    return answer;
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new Offline("no answer", { cause: error });
  }
}

async function problemOf(answer: Response): Promise<Error> {
  if (answer.headers.get("content-type")?.startsWith("application/problem+json")) {
    return new Problem(await answer.clone().json());
  }
  return new Offline(`answered ${answer.status} without a problem document`);
}

const GIVES_SESSION = /^\/v1\/(sessions|sessions:passkey|identityProviders:complete)$/;
const HAS_SESSION = "session";

/** Whether this browser may have a session; its cookies are not for scripts to see. */
export function mayBeLoggedIn(): boolean {
  return localStorage.getItem(HAS_SESSION) !== null;
}

/** What can be mended by who is there; all else that is refused with 401, such as a PIN, is the page's. */
type Mendable = "UNAUTHENTICATED" | "SESSION_ENDED" | "REAUTHENTICATION_NEEDED";

/**
 * Sends a request; where the session has ended or its login is too long ago, asks for a login and
 * sends it again. So nothing that was typed is lost.
 */
async function sentWithSession(request: Request): Promise<Response> {
  const mended = new Set<Mendable>();
  for (;;) {
    const answer = await sent(request.clone());
    if (answer.ok && GIVES_SESSION.test(new URL(request.url).pathname)) {
      localStorage.setItem(HAS_SESSION, "");
    }
    const fault = await mendableIn(answer);
    if (fault === undefined || mended.has(fault)) return answer;
    mended.add(fault);
    if (fault === "REAUTHENTICATION_NEEDED") {
      if (!(await askForProof())) throw new ProofDeclined("not proven");
    } else if (!(await refreshSession())) {
      if (quiet(request)) return answer;
      if (!(await askForLogin())) throw new LoginDeclined("logged out");
    }
  }
}

async function mendableIn(answer: Response): Promise<Mendable | undefined> {
  if (answer.status !== 401) return undefined;
  const refusal = await problemOf(answer);
  const code = refusal instanceof Problem ? refusal.code : "";
  if (code === "UNAUTHENTICATED" || code === "SESSION_ENDED") return code;
  return code === "REAUTHENTICATION_NEEDED" ? code : undefined;
}

/** The question who is logged in takes no for an answer, and so does logging out. */
function quiet(request: Request): boolean {
  const asked = `${request.method} ${new URL(request.url).pathname}`;
  return asked === "GET /v1/me" || asked === "DELETE /v1/sessions/current";
}

const refusals: Middleware = {
  onRequest({ request }) {
    request.headers.set("accept-language", language.value);
    return request;
  },
  async onResponse({ response }) {
    if (!response.ok) throw await problemOf(response);
  },
};

/**
 * The public HTTP API.
 *
 * @throws Problem if it refuses, Offline if it is not reached, LoginDeclined if the session has ended
 *   and its owner does not log in again, ProofDeclined if they do not prove who they are.
 */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: sentWithSession });
api.use(refusals);

/** Returns what names an attempt: with the same key, trying again changes nothing more. */
export function attempt(): { "Idempotency-Key": string } {
  return { "Idempotency-Key": crypto.randomUUID() };
}

/** Returns what a call answered; the middleware has thrown where there is none. */
export async function answerOf<Data>(call: Promise<{ data?: Data }>): Promise<Data> {
  return (await call).data as Data;
}
