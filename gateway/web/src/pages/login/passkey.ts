import { useEffect, useRef } from "preact/hooks";
import { answerOf, api, attempt } from "../../api/client";
import type { components } from "../../api/schema";

type Challenge = components["schemas"]["PasskeyChallenge"];
/** What a passkey has signed. */
export type Answer = { challengeId: string; credentialJson: string };

/** A challenge lives for five minutes; clocks differ, so its end is not looked at. */
const RENEW_AFTER_MS = 4 * 60_000;

/** Whether this browser can use passkeys. */
export const hasPasskeys =
  "PublicKeyCredential" in window && "parseRequestOptionsFromJSON" in PublicKeyCredential;

/** The device did not use a passkey: its owner did not want to, or it has none, or one already. */
export class PasskeyUnused extends Error {
  override readonly name = "PasskeyUnused";

  constructor(
    readonly isThere: boolean,
    cause: unknown,
  ) {
    super("no passkey was used", { cause });
  }
}

/** Returns a challenge to log in with. */
export function challengeToLogIn(): Promise<Challenge> {
  return answerOf(api.POST("/v1/passkeys:challenge", { params: { header: attempt() } }));
}

/**
 * Has a passkey sign a challenge.
 *
 * @throws PasskeyUnused if it does not.
 */
export async function signed(
  challenge: Challenge,
  how: Omit<CredentialRequestOptions, "publicKey"> = {},
): Promise<Answer> {
  const options = PublicKeyCredential.parseRequestOptionsFromJSON(
    JSON.parse(challenge.optionsJson),
  );
  return answer(challenge, () => navigator.credentials.get({ ...how, publicKey: options }));
}

/**
 * Has this device make a passkey.
 *
 * @throws PasskeyUnused if it does not.
 */
export async function made(challenge: Challenge): Promise<Answer> {
  const options = PublicKeyCredential.parseCreationOptionsFromJSON(
    JSON.parse(challenge.optionsJson),
  );
  return answer(challenge, () => navigator.credentials.create({ publicKey: options }));
}

async function answer(
  challenge: Challenge,
  ask: () => Promise<Credential | null>,
): Promise<Answer> {
  const credential = await ask().catch((error: unknown) => {
    const isThere = error instanceof DOMException && error.name === "InvalidStateError";
    throw new PasskeyUnused(isThere, error);
  });
  if (!(credential instanceof PublicKeyCredential)) throw new PasskeyUnused(false, credential);
  return {
    challengeId: challenge.challengeId,
    credentialJson: JSON.stringify(credential.toJSON()),
  };
}

/**
 * Lets the browser offer passkeys among what it would fill the e-mail field with, where it can.
 *
 * @param onAnswer Logs in with what a passkey has signed.
 * @param isPaused While it is, the browser can ask for a passkey in another way.
 */
export function usePasskeyAutofill(
  onAnswer: (answer: Answer) => Promise<unknown>,
  isPaused: boolean,
): void {
  const latest = useRef(onAnswer);
  latest.current = onAnswer;
  useEffect(() => {
    if (isPaused || !hasPasskeys) return;
    const ended = new AbortController();
    void offer(ended.signal, (answer) => latest.current(answer));
    return () => ended.abort();
  }, [isPaused]);
}

async function offer(
  ended: AbortSignal,
  onAnswer: (answer: Answer) => Promise<unknown>,
): Promise<void> {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable())) return;
  while (!ended.aborted) {
    await seen(ended); // a login that is left open in another tab asks for nothing
    if (ended.aborted) return;
    const tooOld = new AbortController();
    try {
      const challenge = await challengeToLogIn();
      setTimeout(() => tooOld.abort(), RENEW_AFTER_MS);
      const signal = AbortSignal.any([ended, tooOld.signal]);
      await onAnswer(await signed(challenge, { mediation: "conditional", signal }));
      return;
    } catch {
      // Only an offer: where it does not work, the form and the button are there.
      if (!tooOld.signal.aborted) return;
    }
  }
}

/** Resolves once the page is seen, or it no longer matters. */
async function seen(ended: AbortSignal): Promise<void> {
  if (document.visibilityState === "visible") return;
  await new Promise((resolve) => {
    document.addEventListener("visibilitychange", resolve, { once: true, signal: ended });
    ended.addEventListener("abort", resolve, { once: true });
  });
}
