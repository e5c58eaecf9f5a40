/**
 * What is kept on the device: tickets must show where there is no network. It is the person's who
 * logged in here last, and goes when that person logs out or another one logs in.
 */

import { hashKey, type Query, type QueryKey } from "@tanstack/preact-query";
import { clear, createStore, entries, set } from "idb-keyval";
import { KEPT, me, queries } from "./queries";
import type { components } from "./schema";

type Account = components["schemas"]["Account"];
type Kept = { key: QueryKey; data: unknown; at: number };

/** The number is to be raised when answers that are kept change their shape. */
const store = createStore("kundeapp-1", "kept");
const tabs = new BroadcastChannel("kundeapp-person");

/** The account whose answers are kept and shown; undefined while that is nobody's. */
let owner: string | undefined;

/** Shows what is kept for as long as nothing newer is here, and keeps what is fetched. */
export async function startKeeping(): Promise<void> {
  tabs.onmessage = () => {
    owner = undefined;
    void queries.resetQueries();
  };
  await restore();
  const answers = queries.getQueryCache();
  answers.subscribe((event) => {
    if (event.type === "updated" && event.action.type === "success") take(event.query);
  });
  // What has come while that was read, and first of all whose it is.
  seePerson();
  answers.getAll().forEach(take);
}

async function restore(): Promise<void> {
  const kept = new Map(await entries<string, Kept>(store));
  const person = kept.get(hashKey(me.queryKey))?.data as Account | undefined;
  owner = person?.id;
  const known = queries.getQueryData(me.queryKey);
  if (known === null || (known && known.id !== owner)) return;
  for (const { key, data, at } of kept.values()) {
    if (queries.getQueryData(key) !== undefined) continue;
    queries.setQueryDefaults(key, KEPT);
    queries.setQueryData(key, data, { updatedAt: at });
    // However new it is: whether it still holds, and that person is logged in, is yet to be heard.
    void queries.invalidateQueries({ queryKey: key, exact: true, refetchType: "none" });
  }
}

function take(query: Query): void {
  const { queryKey: key, queryHash, meta, state } = query;
  if (isMe(query)) seePerson();
  if (meta?.isKept && state.data !== undefined && state.data !== null) {
    keep(queryHash, { key, data: state.data, at: state.dataUpdatedAt });
  }
}

/** Lets nobody see what is another's. */
function seePerson(): void {
  const id = queries.getQueryData(me.queryKey)?.id;
  if (id === undefined || id === owner) return;
  const isAnother = owner !== undefined;
  owner = id;
  if (!isAnother) return;
  void forgetKept();
  void queries.resetQueries({ predicate: (query) => !isMe(query) });
}

/** Empties the device of answers, and has other tabs see for themselves whose they show. */
async function forgetKept(): Promise<void> {
  tabs.postMessage("another");
  await clear(store);
}

function keep(name: string, answer: Kept): void {
  set(name, answer, store).catch(() => {
    // The disk is full, or the browser keeps nothing in private windows: then there is no offline.
  });
}

function isMe({ queryHash }: { queryHash: string }): boolean {
  return queryHash === hashKey(me.queryKey);
}
