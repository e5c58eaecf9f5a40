import { useState } from "preact/hooks";

/**
 * State that outlives a reload of the page, in this tab only, such as the step that one is at.
 * Passwords, PINs and codes must not be kept in it.
 */
export function useKept<Value>(name: string, initial: Value): [Value, (next: Value) => void] {
  const [value, setValue] = useState<Value>(() => kept(name) ?? initial);
  function keep(next: Value): void {
    sessionStorage.setItem(name, JSON.stringify(next));
    setValue(next);
  }
  return [value, keep];
}

/** Returns what was kept under a name and forgets it; undefined if there is nothing. */
export function takenOut<Value>(name: string): Value | undefined {
  const value = kept<Value>(name);
  sessionStorage.removeItem(name);
  return value;
}

/** Keeps something for the page that one comes back to. */
export function keepForLater(name: string, value: unknown): void {
  sessionStorage.setItem(name, JSON.stringify(value));
}

function kept<Value>(name: string): Value | undefined {
  const text = sessionStorage.getItem(name);
  return text === null ? undefined : JSON.parse(text);
}
