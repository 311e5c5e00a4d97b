// Building and patching the page: text always goes in as text, never as markup.

const payloads = new WeakMap();

/** Make an element. `data` is what a click on it means; see payload(). */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "data") payloads.set(node, value);
    else if (name === "on") for (const [type, act] of Object.entries(value)) node.addEventListener(type, act);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

/** What a click on this element means. */
export const payload = (node) => payloads.get(node);

/** Make `old` look like `fresh` and keep its elements, so that focus and selection stay. */
export function morph(old, fresh) {
  // What somebody unfolded stays so.
  const kept = old.nodeName === "DETAILS" ? "open" : "";
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== kept) old.removeAttribute(name);
  for (const { name, value } of [...fresh.attributes]) {
    if (old.getAttribute(name) === value) continue;
    // The page's own policy lets scripts style an element, but not by the attribute.
    if (name === "style") old.style.cssText = value;
    else old.setAttribute(name, value);
  }
  if (payloads.has(fresh)) payloads.set(old, payloads.get(fresh));
  const spare = [...old.childNodes];
  let place = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    const found = spare.findIndex((candidate) => alike(candidate, child));
    if (found < 0) {
      old.insertBefore(child, place);
      continue;
    }
    const kept = spare.splice(found, 1)[0];
    if (kept === place) place = place.nextSibling;
    else old.insertBefore(kept, place);
    if (kept.nodeType === Node.TEXT_NODE) {
      if (kept.data !== child.data) kept.data = child.data;
    } else morph(kept, child);
  }
  for (const node of spare) node.remove();
}

function alike(one, other) {
  return one.nodeName === other.nodeName && (one.dataset?.key ?? "") === (other.dataset?.key ?? "");
}

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = {
  good: ["M3.5 8.5l3 3 6-7"],
  bad: ["M4 4l8 8", "M12 4l-8 8"],
  run: ["M8 2.5a5.5 5.5 0 1 1-5.5 5.5"],
  wait: ["M8 3a5 5 0 1 0 .01 0"],
  ask: ["M5.5 6a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.6", "M8 12.5v.1"],
  pause: ["M5.5 3.5v9", "M10.5 3.5v9"],
  warn: ["M8 2.5l6 11H2z", "M8 7v2.8", "M8 11.7v.1"],
  skip: ["M3 8h9", "M9 4.5L12.5 8 9 11.5"],
  undo: ["M6 3L3 6l3 3", "M3 6h6.5a3.5 3.5 0 0 1 0 7H6"],
  stop: ["M4 4h8v8H4z"],
  none: ["M7 8h2"],
};

const TONES = {
  done: "good", pass: "good", passed: "good", approved: "good", succeeded: "good", clean: "good", accepted: "good",
  failed: "bad", fail: "bad", rejected: "bad", refused: "bad", firing: "bad",
  running: "run", planned: "wait", waiting: "wait", asked: "ask", waiting_approval: "ask", open: "ask",
  paused: "pause", stopping: "stop", aborting: "stop", aborted: "stop", cancelled: "stop", expired: "stop",
  rolling_back: "undo", rolled_back: "undo",
  unsure: "warn", mixed: "warn", new: "warn", inconclusive: "warn", unknown: "warn", late: "warn", overridden: "warn",
  skipped: "skip", left_out: "skip", unchanged: "skip", baking: "run",
};

/** The shape that goes with a state word; shapes differ, so colour is never alone. */
export const tone = (state) => TONES[state.toLowerCase().replaceAll(" ", "_")] ?? "none";

/** How a state word is written. */
export const word = (state) => state.replaceAll("_", " ");

/** Draw the mark of a state; named for screen readers unless its word stands beside it. */
export function mark(state, named = true) {
  const kind = tone(state);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "mark");
  svg.dataset.tone = kind;
  if (named && state) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", word(state));
    const title = document.createElementNS(SVG, "title");
    title.textContent = word(state);
    svg.append(title);
  } else svg.setAttribute("aria-hidden", "true");
  for (const d of SHAPES[kind]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/** A state as a mark with its word. */
export const chip = (state, said = "") => el("span", { class: "chip", "data-tone": tone(state) }, mark(state, false), said || word(state));
