import "./styles/index.css";
import { QueryClientProvider } from "@tanstack/preact-query";
import { render } from "preact";
import { startKeeping } from "./api/kept";
import { queries } from "./api/queries";
import { App } from "./app";
import { stayUpToDate } from "./update";

stayUpToDate();
startKeeping().catch(() => {
  // A browser that keeps nothing, as some do in private windows: all of it is fetched, then.
});

render(
  <QueryClientProvider client={queries}>
    <App />
  </QueryClientProvider>,
  document.getElementById("app") as HTMLElement,
);
