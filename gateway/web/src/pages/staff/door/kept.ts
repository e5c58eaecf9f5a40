/** What this device keeps of the door, in IndexedDB: guest lists, and all that was tapped. */

import { promisifyRequest } from "idb-keyval";
import { DOOR } from "../../../api/person";
import type { GuestList } from "../queries";
import { type Tap, waits } from "./log";

const LISTS = "lists";
const TAPS = "taps";

let opened: Promise<IDBDatabase> | undefined;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(DOOR.database, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(LISTS, { keyPath: "eventId" });
      request.result.createObjectStore(TAPS, { keyPath: "nonce" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

/** Does something in one transaction; resolves once it is on the disk. */
async function written(act: (lists: IDBObjectStore, taps: IDBObjectStore) => void): Promise<void> {
  const open = await database();
  const transaction = open.transaction([LISTS, TAPS], "readwrite", { durability: "strict" });
  act(transaction.objectStore(LISTS), transaction.objectStore(TAPS));
  await promisifyRequest(transaction);
}

/** Returns the guest list of an event; undefined if none is kept. */
export async function listOf(event: string): Promise<GuestList | undefined> {
  const store = (await database()).transaction(LISTS).objectStore(LISTS);
  return promisifyRequest<GuestList | undefined>(store.get(event));
}

/** Returns what was tapped at an event, or at all of them, the oldest first. */
export async function tapsOf(event?: string): Promise<Tap[]> {
  const store = (await database()).transaction(TAPS).objectStore(TAPS);
  const taps = await promisifyRequest<Tap[]>(store.getAll());
  return taps
    .filter((tap) => event === undefined || tap.event === event)
    .sort((one, other) => Date.parse(one.happenedAt) - Date.parse(other.happenedAt));
}

/** Keeps taps, and the list as it is after them, both or neither. */
export async function keep(taps: readonly Tap[], list?: GuestList): Promise<void> {
  await written((lists, kept) => {
    for (const tap of taps) kept.put(tap);
    if (list) lists.put(list);
  });
  localStorage.setItem(DOOR.key, "kept");
}

/** Whether this device keeps anything of the door; told without opening the database. */
export const isKept = () => localStorage.getItem(DOOR.key) !== null;

/**
 * Forgets everything, unless something waits to be sent.
 *
 * @returns How much waits.
 */
export async function forget(): Promise<number> {
  const waiting = (await tapsOf()).filter(waits).length;
  if (waiting > 0) return waiting;
  await written((lists, taps) => {
    lists.clear();
    taps.clear();
  });
  localStorage.removeItem(DOOR.key);
  return 0;
}
