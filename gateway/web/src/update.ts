import { registerSW } from "virtual:pwa-register";
import { signal } from "@preact/signals";

const LOOK_EVERY_MS = 60 * 60_000;
/** What the first page takes to show what it fetches. */
const SETTLED_AFTER_MS = 2_000;

/** Takes a new version of the client into use, once there is one; it loads the page anew. */
export const newVersion = signal<(() => void) | null>(null);

/**
 * Keeps the client on the device, so that it opens without a network, and looks for new versions;
 * once the first page is there, since all that is kept is fetched for it.
 */
export function stayUpToDate(): void {
  const whenIdle = window.requestIdleCallback ?? ((act: () => void) => setTimeout(act, 1));
  window.addEventListener("load", () => setTimeout(() => whenIdle(register), SETTLED_AFTER_MS));
}

function register(): void {
  const takeOver = registerSW({
    immediate: true,
    onNeedRefresh() {
      newVersion.value = () => {
        navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
        void takeOver();
      };
    },
    onNeedReload() {
      // Only the tab that asked is loaded anew: in another one somebody may be typing.
    },
    onRegisteredSW(_, registration) {
      setInterval(() => void registration?.update().catch(() => {}), LOOK_EVERY_MS);
    },
  });
}
