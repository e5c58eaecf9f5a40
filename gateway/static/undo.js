"use strict";

// Behind the #, and so never sent until the button is pressed.
const token = location.hash.slice(1);
const button = document.getElementById("undo");
const problem = document.getElementById("problem");

// The same for every try, so that a try whose answer was lost can be made again.
const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
  byte.toString(16).padStart(2, "0"),
).join("");

function show(id) {
  for (const section of document.querySelectorAll("main > section")) {
    section.hidden = section.id !== id;
  }
}

function tell(text) {
  problem.textContent = text;
  problem.hidden = false;
}

async function undo() {
  button.disabled = true;
  problem.hidden = true;
  try {
    const response = await fetch("/v1/email:undo", {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "Accept-Language": document.documentElement.lang,
        "Idempotency-Key": key,
      },
      body: JSON.stringify({ token }),
    });
    if (response.ok) {
      history.replaceState(null, "", location.pathname);
      show("done");
      document.querySelector("#done h1").focus();
    } else {
      tell((await response.json()).detail);
    }
  } catch {
    tell(problem.dataset.offline);
  } finally {
    button.disabled = false;
  }
}

button.addEventListener("click", undo);
addEventListener("hashchange", () => location.reload());
show(token ? "ask" : "broken");
