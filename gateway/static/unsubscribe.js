import { element, newKey, post, show, tell, token } from "/page.js";

const button = element("unsubscribe");
const key = newKey();

function showWhat(at) {
  document.querySelector(`#${at} .lead`).after(element("what"));
  show(at);
}

async function look() {
  const { ok, status, answer } = await post("/v1/unsubscribe:lookUp", { token });
  if (ok) {
    const channel = element("channel");
    element("purpose").textContent = answer.purposeName;
    channel.textContent = channel.dataset[answer.channel.toLowerCase()] ?? answer.channel;
    element("what").hidden = false;
    if (!answer.isOn) {
      showWhat("already");
    }
  } else if (status === 404) {
    show("broken");
  }
  // Anything else is no reason not to try.
}

async function unsubscribe(event) {
  event.preventDefault();
  button.disabled = true;
  tell("");
  try {
    const path = `/v1/unsubscribe/${encodeURIComponent(token)}`;
    const { ok, status, answer } = await post(path, {}, key);
    if (ok) {
      showWhat("done");
    } else if (status === 404) {
      show("broken");
    } else {
      tell(answer.detail);
    }
  } catch {
    tell(element("problem").dataset.offline);
  } finally {
    button.disabled = false;
  }
}

button.form.addEventListener("submit", unsubscribe);
look().catch(() => tell(element("problem").dataset.offline));
