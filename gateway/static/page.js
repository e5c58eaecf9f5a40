// What the pages share that a link with a token leads to.

// Behind the last slash. It goes nowhere but into the calls below.
export const token = decoded(location.pathname.split("/").pop());

// The same for every try, so that a try whose answer was lost can be made again.
export const newKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");

export const element = (id) => document.getElementById(id);

export function show(id) {
  for (const section of document.querySelectorAll("main > section")) {
    section.hidden = section.id !== id;
  }
  // Whoever does not see the page hears what has become of it.
  document.querySelector(`#${id} h1[tabindex]`)?.focus();
}

// Says what is wrong; nothing if the text is empty.
export function tell(text) {
  const problem = element("problem");
  problem.textContent = text;
  problem.hidden = text === "";
}

// Returns status and answer; it throws if nothing of ours has answered.
export async function post(path, body, key) {
  const headers = {
    "Content-Type": "application/json",
    "Accept-Language": document.documentElement.lang,
  };
  if (key) {
    headers["Idempotency-Key"] = key;
  }
  const response = await fetch(path, {
    method: "POST",
    credentials: "omit",
    headers,
    body: JSON.stringify(body),
  });
  return { status: response.status, ok: response.ok, answer: await response.json() };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
