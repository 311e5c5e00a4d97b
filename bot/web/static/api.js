// Talking to the bot: every line and click has an id, so sending it again never does it twice.

const WAITS = [600, 1500, 3000];

export class Failure extends Error {}

/** Read JSON; raises Failure with words for people. */
export async function read(path) {
  return answerOf(await fetch(path, { headers: { Accept: "application/json" } }));
}

/** Send JSON, again when it is unknown whether it arrived; raises Failure when it stays unknown. */
export async function send(path, body) {
  const request = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ id: ident(), ...body }) };
  for (const wait of [...WAITS, null]) {
    const answer = await fetch(path, request).catch(() => null);
    if (answer && answer.status < 500) return answerOf(answer);
    if (wait === null) throw new Failure("This was not recorded: the bot does not answer. Please repeat it.");
    await new Promise((go) => setTimeout(go, wait));
  }
  return null;
}

async function answerOf(answer) {
  if (answer.status === 401) location.replace("/login");
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Failure(body.error ?? `The bot answered ${answer.status}.`);
  return body;
}

// crypto.randomUUID exists on https and localhost only.
function ident() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
