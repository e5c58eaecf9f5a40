import { hashKey } from "@tanstack/preact-query";
import { LANGUAGE_KEPT } from "../texts/language";
import { me, queries } from "./queries";

/**
 * What was tapped at the door and is not sent yet outlives a logout: where it is kept, and the key
 * that says that it is. The door forgets it by itself once nothing waits (`pages/staff/door`).
 */
export const DOOR = { database: "kundeapp-door", key: "door" } as const;

const OTHER_TABS = new BroadcastChannel("kundeapp-left");

OTHER_TABS.onmessage = () => location.replace("/");

/**
 * Forgets everything that this browser holds about whoever was logged in. What all visitors share,
 * which is the client itself and the language of the screen, stays.
 */
export async function forgetPerson(): Promise<void> {
  queries.setQueryData(me.queryKey, null);
  queries.removeQueries({ predicate: ({ queryHash }) => queryHash !== hashKey(me.queryKey) });
  sessionStorage.clear();
  for (const key of Object.keys(localStorage)) {
    if (key !== LANGUAGE_KEPT && key !== DOOR.key) localStorage.removeItem(key);
  }
  await Promise.allSettled([emptyDatabases(), dropCaches()]); // not every browser has both
}

/** Forgets the person and loads the client anew at an address; other tabs leave for the front page. */
export async function leaveFor(address: string): Promise<void> {
  await forgetPerson();
  OTHER_TABS.postMessage("left");
  location.replace(address);
}

async function dropCaches(): Promise<void> {
  const names = await caches.keys();
  const personal = names.filter((name) => !name.startsWith("workbox-precache"));
  await Promise.all(personal.map((name) => caches.delete(name)));
}

/** A database that is in use cannot be deleted; it can be emptied. */
async function emptyDatabases(): Promise<void> {
  const databases = await indexedDB.databases();
  const names = databases.flatMap(({ name }) => name ?? []);
  await Promise.all(names.filter((name) => name !== DOOR.database).map(emptied));
}

function emptied(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const stores = [...database.objectStoreNames];
      if (stores.length > 0) {
        const change = database.transaction(stores, "readwrite");
        for (const store of stores) change.objectStore(store).clear();
        change.oncomplete = () => resolve();
        change.onerror = () => reject(change.error);
      } else {
        resolve();
      }
      database.close(); // once the transaction is through
    };
  });
}
