import { useEffect, useState } from "preact/hooks";

/**
 * Lets the client ask a person something over whatever page they are on.
 *
 * @param register Is given how to ask; all that wait meanwhile get the same answer.
 * @returns What answers the question; null while there is none.
 */
export function useQuestion(
  register: (ask: () => Promise<boolean>) => void,
): ((isYes: boolean) => void) | null {
  const [answer, setAnswer] = useState<((isYes: boolean) => void) | null>(null);
  useEffect(() => {
    let asked: Promise<boolean> | undefined;
    register(() => {
      asked ??= new Promise<boolean>((resolve) => setAnswer(() => resolve)).finally(() => {
        asked = undefined;
        setAnswer(null);
      });
      return asked;
    });
  }, [register]);
  return answer;
}
