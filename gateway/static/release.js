import { element, newKey, post, show, tell, token } from "/page.js";

const sections = {
  NOTHING_LEFT: "nothing",
  GUESTS_ADMITTED: "admitted",
  EVENT_OVER: "over",
  EVENT_CANCELLED: "cancelled",
};

const all = element("all");
const some = element("release");
const steps = [element("fewer"), element("more")];
// A key for each number, so that a try whose answer was lost can be made again.
const keys = new Map();

let held = 0;
let most = 0;
let count = 1;

const filled = (text, number) => text.replace("{n}", number);
const form = (at, number) => at.dataset[number === 1 ? "one" : "many"];

function showWhat(at) {
  element("tickets").parentElement.hidden = true;
  document.querySelector(`#${at} .lead`)?.after(element("what"));
  show(at);
}

function shown(release) {
  held = release.tickets;
  most = release.releasable;
  element("event").textContent = release.eventTitle;
  element("when").textContent = release.eventStartsShown;
  element("where").textContent = release.eventVenue;
  element("tickets").textContent = held;
  element("what").hidden = false;
}

function offer() {
  const every = held === 1 ? all.dataset.one : filled(all.dataset.all, most);
  // Guests who are in keep theirs.
  all.textContent = most < held ? filled(form(some, most), most) : every;
  element("some").hidden = most < 2;
  step(0);
}

function step(by) {
  count = Math.max(1, Math.min(most - 1, count + by));
  element("count").textContent = count;
  some.textContent = filled(form(some, count), count);
  // Not `disabled`: that would throw the focus away of whoever presses the last time.
  steps[0].setAttribute("aria-disabled", String(count <= 1));
  steps[1].setAttribute("aria-disabled", String(count >= most - 1));
}

async function look() {
  const { ok, status, answer } = await post("/v1/releases:lookUp", { token });
  if (!ok) {
    refuse(status, answer);
    return;
  }
  shown(answer);
  const closed = sections[answer.state];
  if (closed) {
    showWhat(closed);
  } else {
    offer();
  }
}

async function release(quantity, name) {
  if (!keys.has(name)) {
    keys.set(name, newKey());
  }
  busy(true);
  tell("");
  try {
    const { ok, status, answer } = await post(
      "/v1/releases:release",
      { token, ...quantity },
      keys.get(name),
    );
    if (ok) {
      thank(answer);
    } else {
      refuse(status, answer);
      await look();
    }
  } catch {
    tell(element("problem").dataset.offline);
  } finally {
    busy(false);
  }
}

function thank(release) {
  const released = held - release.tickets;
  shown(release);
  const heading = document.querySelector("#done h1");
  if (released > 0) {
    const number = heading.dataset.numbers.split(" ")[released - 1] ?? released;
    heading.textContent = filled(form(heading, released), number);
    element("next").textContent = form(element("next"), released);
  }
  const left = element("left");
  left.hidden = held === 0;
  left.textContent = filled(form(left, held), held);
  showWhat("done");
}

function refuse(status, problem) {
  if (status === 404) {
    show("broken");
  } else if (problem.code === "RELEASE_LINK_EXPIRED") {
    show("over");
  } else {
    tell(problem.detail);
  }
}

function busy(is) {
  for (const button of document.querySelectorAll("button")) {
    button.disabled = is;
  }
}

all.form.addEventListener("submit", (event) => {
  event.preventDefault();
  release(most < held ? { tickets: most } : { all: true }, "all");
});
some.addEventListener("click", () => release({ tickets: count }, count));
steps[0].addEventListener("click", () => step(-1));
steps[1].addEventListener("click", () => step(1));
look().catch(() => tell(element("problem").dataset.offline));
