// The start dialog: it writes the command that one could type, and sends it.
import { el } from "/static/dom.js";
import { cancelButton, openDialog } from "/static/dialogs.js";
import { read } from "/static/api.js";

const OUT = "\u0000out";

/** Let somebody choose what to release; gives the typed command, or null when cancelled. */
export async function composeStart(targets) {
  const form = el("form", { method: "dialog" });
  const target = field("Target", el("select", { id: "s-target" }, targets.map((one) => option(one.key, one.title))));
  const all = field("All components", el("select", { id: "s-all" }));
  const parts = el("fieldset", { class: "parts" }, el("legend", {}, "Components"));
  const confirm = field("Confirm", el("select", { id: "s-confirm" }, option("each_step", "Ask before each step"), option("gates", "Ask only at gates")));
  const note = field("Note", el("input", { id: "s-note", type: "text", maxlength: "200", autocomplete: "off" }));
  const line = el("output", { class: "command", for: "s-target s-all s-confirm s-note" });
  const go = el("button", { value: "yes", class: "primary" }, "Start");
  form.append(el("h2", { id: "dialog-title" }, "Start a release"), target.box, all.box, parts, confirm.box, note.box,
    el("p", { class: "hint" }, "This is what will be typed:"), line, el("div", { class: "actions" }, go, cancelButton()));

  const command = () => write(target.input.value, all.input.value, [...parts.querySelectorAll("[name]")], { confirm: confirm.input.value, note: note.input.value });
  const refresh = () => { line.value = command(); };
  async function load() {
    const chosen = targets.find((one) => one.key === target.input.value);
    confirm.input.value = chosen.confirm;
    all.input.replaceChildren(option("", "Reading the versions…"));
    parts.replaceChildren(el("legend", {}, "Components"));
    go.disabled = true;
    try {
      const { components } = await read(`/api/targets/${encodeURIComponent(chosen.key)}/candidates`);
      if (chosen.key !== target.input.value) return;
      fillParts(parts, components);
      const shared = common(components);
      all.input.replaceChildren(option("", "Each as chosen below"), ...shared.map((version) => option(version, version)));
      if (Object.values(components).every((list) => !list.length || list[0].version === shared[0])) all.input.value = shared[0] ?? "";
      takeOver();
    } catch (problem) {
      all.input.replaceChildren(option("", "Not known"));
      fillParts(parts, Object.fromEntries(chosen.components.map((name) => [name, []])));
      parts.append(el("p", { role: "alert" }, problem.message));
    }
    go.disabled = false;
    refresh();
  }
  target.input.addEventListener("change", load);
  function takeOver() {
    for (const input of parts.querySelectorAll("[name]")) {
      const fits = input.tagName === "INPUT" || [...input.options].some((one) => one.value === all.input.value);
      if (all.input.value && fits) input.value = all.input.value;
    }
  }
  all.input.addEventListener("change", takeOver);
  form.addEventListener("input", refresh);
  form.addEventListener("change", refresh);
  const closed = openDialog(el("dialog", { class: "roomy", "aria-labelledby": "dialog-title" }, form));
  void load();
  return (await closed) === "yes" ? command() : null;
}

function field(name, input) {
  return { input, box: el("div", { class: "field" }, el("label", { for: input.id }, name), input) };
}

const option = (value, title) => el("option", { value }, title);

function fillParts(parts, components) {
  for (const [name, candidates] of Object.entries(components)) {
    const id = `s-part-${name}`;
    const titles = candidates.map(({ version, title }) => option(version, title ? `${version} · ${title}` : version));
    const input = candidates.length ? el("select", { id, name }, titles, option(OUT, "Leave out")) : el("input", { id, name, type: "text", placeholder: "version", autocomplete: "off" });
    parts.append(field(name, input).box);
  }
}

/** The versions that every listed component has, newest first. */
function common(components) {
  const lists = Object.values(components).filter((list) => list.length).map((list) => list.map(({ version }) => version));
  return (lists[0] ?? []).filter((version) => lists.every((list) => list.includes(version)));
}

function write(target, all, inputs, { confirm, note }) {
  const words = ["start", target];
  if (all) words.push(quote(all));
  const out = inputs.filter((input) => input.value === OUT).map((input) => input.name);
  for (const { name, value } of inputs) if (value && value !== OUT && value !== all) words.push(`${name}=${quote(value)}`);
  if (out.length) words.push(`exclude=${out.join(",")}`);
  words.push(`confirm=${confirm}`);
  const said = note.trim().replaceAll('"', "'");
  if (said) words.push(`note="${said}"`);
  return words.join(" ");
}

const quote = (text) => (/\s/.test(text) ? `"${text.replaceAll('"', "'")}"` : text);
