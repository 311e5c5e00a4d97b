// Dialogs: the question in front of an action, and the journal.
import { el } from "/static/dom.js";
import { tableNode } from "/static/card.js";
import { read } from "/static/api.js";

/** Show a dialog until it closes; gives its return value ("" when cancelled). */
export function openDialog(dialog) {
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((done) => dialog.addEventListener("close", () => { dialog.remove(); done(dialog.returnValue); }, { once: true }));
}

export const cancelButton = (name = "Cancel") => el("button", { type: "button", on: { click: (event) => event.target.closest("dialog").close("") } }, name);

/** Ask before an action; gives null when cancelled, else the reason (empty when none is asked). */
export async function confirmAction({ label, style, confirm }) {
  const reason = confirm.reason ? el("input", { id: "reason", type: "text", required: true, maxlength: "500", pattern: ".*\\S.*", title: "Say why in a few words", autofocus: true, autocomplete: "off" }) : null;
  const dialog = el("dialog", { "aria-labelledby": "dialog-title", "aria-describedby": "dialog-body" },
    el("form", { method: "dialog" },
      el("h2", { id: "dialog-title" }, confirm.title),
      el("p", { id: "dialog-body" }, confirm.body),
      reason ? [el("label", { for: "reason" }, "Reason"), reason] : null,
      el("div", { class: "actions" }, el("button", { value: "yes", class: style === "plain" ? "primary" : style }, label), cancelButton())));
  return (await openDialog(dialog)) === "yes" ? (reason?.value.trim() ?? "") : null;
}

const FIRST = ["at", "time", "seq", "number", "kind", "event", "code", "step", "who", "person", "text"];

/** Show the journal of a release as a table. */
export async function showJournal(release) {
  const body = el("div", { class: "journal" }, el("p", {}, "Reading…"));
  const dialog = el("dialog", { class: "wide", "aria-labelledby": "dialog-title" },
    el("h2", { id: "dialog-title" }, `Journal of #${release}`), body, el("div", { class: "actions" }, cancelButton("Close")));
  const closed = openDialog(dialog);
  try {
    const { events } = await read(`/api/releases/${release}/journal`);
    body.replaceChildren(events.length ? journalTable(events) : el("p", {}, "Nothing is written yet."));
  } catch (problem) {
    body.replaceChildren(el("p", { role: "alert" }, problem.message));
  }
  await closed;
}

function journalTable(events) {
  const found = [...new Set(events.flatMap((event) => Object.keys(event)))];
  const rank = (name) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  const names = found.sort((one, other) => rank(one) - rank(other));
  const rows = events.map((event) => ({ state: "", cells: names.map((name) => cell(event[name])) }));
  return tableNode({ caption: `${events.length} events, oldest first`, header: names.map((name) => name.replaceAll("_", " ")), rows });
}

function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return value.map(cell).join(", ");
  return Object.entries(value).map(([name, inner]) => `${name}: ${cell(inner)}`).join(" · ");
}
