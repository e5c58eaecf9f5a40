/** What is shown of something that is fetched. */
export type Shown<Data> = {
  data: Data | undefined;
  error: Error | null;
  dataUpdatedAt: number;
  refetch: () => Promise<unknown>;
};

/** Makes one of two that belong together: it is here when both are, as old as the older. */
export function together<A, B>(a: Shown<A>, b: Shown<B>): Shown<readonly [A, B]> {
  return {
    data: a.data === undefined || b.data === undefined ? undefined : [a.data, b.data],
    error: a.error ?? b.error,
    dataUpdatedAt: Math.min(a.dataUpdatedAt, b.dataUpdatedAt),
    refetch: () => Promise.all([a.refetch(), b.refetch()]),
  };
}
