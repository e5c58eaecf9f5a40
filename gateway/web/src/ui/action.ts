import { useRef, useState } from "preact/hooks";
import { attempt } from "../api/client";
import { Offline, Problem } from "../api/problem";

type Action<Input> = {
  /** Does it, unless it is being done; resolves to whether it was. */
  run: (input: Input) => Promise<boolean>;
  busy: boolean;
  /** Whether it was done the last time. */
  isDone: boolean;
  /** Why it was not done the last time. */
  error: unknown;
  forget: () => void;
};

const NOTHING_DONE = { busy: false, isDone: false, error: null as unknown };

/**
 * Something that a person does once. After a lost connection the same is sent with the same
 * Idempotency-Key, so that it is done once however often the button is pressed.
 */
export function useAction<Input = void>(
  act: (input: Input, headers: ReturnType<typeof attempt>) => Promise<unknown>,
): Action<Input> {
  const [state, setState] = useState(NOTHING_DONE);
  const open = useRef<{ input: string; headers: ReturnType<typeof attempt> } | null>(null);
  const busy = useRef(false);

  async function run(input: Input): Promise<boolean> {
    if (busy.current) return false;
    busy.current = true;
    setState({ ...NOTHING_DONE, busy: true });
    const asked = JSON.stringify(input) ?? "";
    if (open.current?.input !== asked) open.current = { input: asked, headers: attempt() };
    try {
      await act(input, open.current.headers);
      open.current = null;
      setState({ ...NOTHING_DONE, isDone: true });
      return true;
    } catch (error) {
      if (!mayHaveBeenDone(error)) open.current = null;
      setState({ ...NOTHING_DONE, error });
      return false;
    } finally {
      busy.current = false;
    }
  }
  return { run, ...state, forget: () => setState(NOTHING_DONE) };
}

function mayHaveBeenDone(error: unknown): boolean {
  return error instanceof Offline || (error instanceof Problem && error.status >= 500);
}
