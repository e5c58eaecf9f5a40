import type { components } from "./schema";

/** What the gateway says when it refuses (RFC 9457), with the extra facts of some refusals. */
type Document = components["schemas"]["Problem"] & {
  available?: number;
  least?: number;
  limit?: number;
};

/** A refusal of the gateway. Its `detail` is in the reader's language and says what to do. */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(readonly document: Document) {
    super(document.detail);
  }

  get code(): string {
    return this.document.code;
  }

  get status(): number {
    return this.document.status;
  }

  /**
   * What to do, in the reader's language. The detail of a refusal of fields names them as the API
   * does, which no reader knows; what is wrong with each of them is told in its place.
   */
  get told(): string {
    const { errors = [], detail } = this.document;
    return errors.length > 0 ? [...new Set(errors.map((each) => each.detail))].join(" ") : detail;
  }

  /** What is wrong with a field, named as in the request; undefined if nothing is. */
  field(name: string): string | undefined {
    return this.document.errors?.find((each) => each.field === name)?.detail;
  }
}

/** The gateway was not reached, or what came was no answer of it. Trying again may help. */
export class Offline extends Error {
  override readonly name = "Offline";
}

/** Whoever had to log in again did not want to. */
export class LoginDeclined extends Error {
  override readonly name = "LoginDeclined";
}

/** Whoever had to prove once more who they are did not want to; nothing was changed. */
export class ProofDeclined extends Error {
  override readonly name = "ProofDeclined";
}
