/** What one page of the login tells the next; in memory, since a PIN is kept nowhere. */
let handed: { email?: string; customerNumber?: string; pin?: string } = {};

export function handOver(facts: typeof handed): void {
  handed = facts;
}

/** Returns what the page before has told, this once. */
export function takeOver(): typeof handed {
  const facts = handed;
  handed = {};
  return facts;
}
