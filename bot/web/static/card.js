// A card as elements: what every message of the bot looks like.
import { chip, el, mark, tone } from "/static/dom.js";
import { rich, timeNode } from "/static/time.js";

/** Draw a card. `names` maps people to names, `at` is when the message was posted. */
export function cardNode(card, { names = {}, at = null, level = 3, board = false } = {}) {
  if (card.kind === "said" && !board) return saidNode(card, at);
  const bare = !card.lines.length && !card.fields.length && !card.table && !card.chart;
  return el("article", { class: `card kind-${plain(card.kind)}`, "data-tone": card.state ? tone(card.state) : "plain", "data-open": card.actions.length ? "yes" : "no" },
    el("header", { "data-key": "head" },
      el(`h${level}`, {}, rich(card.title)),
      card.state && card.kind !== "share" ? chip(card.state, card.state_word) : null,
      el("span", { class: "when" }, card.who ? `${card.who} · ` : null, card.at || at ? timeNode(card.at ?? at) : null)),
    board && card.table ? rail(card.table) : null,
    bare && card.text !== card.title ? el("p", { "data-key": "text" }, rich(card.text)) : null,
    card.lines.map((line) => el("p", { class: "line" }, rich(line))),
    card.mentions.length ? el("p", { class: "mentions", "data-key": "mentions" }, "For ", card.mentions.map((who) => el("b", {}, names[who] ?? who))) : null,
    board ? actionsNode(card) : null,
    card.fields.length ? fieldsNode(card.fields) : null,
    evidence(card),
    card.links.length ? el("p", { class: "links", "data-key": "links" }, card.links.map(linkNode)) : null,
    board ? null : actionsNode(card),
    card.footer ? el("footer", { "data-key": "foot" }, rich(card.footer)) : null);
}

// Numbers that nobody has to act upon are folded away, so that a clean check is a short message.
function evidence(card) {
  const shown = [card.chart ? chartNode(card.chart) : null, card.table?.rows.length ? tableNode(card.table, card.kind === "errors") : null];
  if (card.kind !== "verdict" || !["pass", "running", "cancelled"].includes(card.state) || !card.table) return shown;
  return el("details", { "data-key": "evidence" }, el("summary", {}, "Numbers before and after"), shown);
}

const plain = (text) => text.replaceAll(/[^a-z_]/g, "");

function saidNode(card, at) {
  const who = card.who || "somebody";
  const said = card.lines.length ? card.lines.join("\n") : card.text;
  return el("article", { class: "card kind-said" },
    el("span", { class: "face", "data-hue": String(hue(who)), "aria-hidden": "true" }, [...who][0] ?? "?"),
    el("header", {}, el("h3", {}, who), el("span", { class: "when" }, card.at || at ? timeNode(card.at ?? at) : null)),
    el("p", { class: "said" }, said));
}

const hue = (name) => [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 6, 7);

function rail(table) {
  return el("div", { class: "rail", "aria-hidden": "true", "data-key": "rail" }, table.rows.map((row) => el("i", { "data-tone": tone(row.state) })));
}

function fieldsNode(fields) {
  return el("dl", { "data-key": "fields" }, fields.map(([name, value]) => el("div", {}, el("dt", {}, rich(name)), el("dd", {}, rich(value)))));
}

/** A table with marks in front of rows that have a state; `fold` keeps the last column to one line. */
export function tableNode({ caption, header, rows }, fold = false) {
  const marked = rows.some((row) => row.state);
  const figures = header.map((_, column) => rows.some((row) => number(row.cells[column])) && rows.every((row) => number(row.cells[column]) || row.cells[column] === "–"));
  const kind = (cell, column) => (figures[column] ? "number" : change(cell) ? "change" : cell.length <= 12 ? "short" : null);
  const shown = (cell, column) => (fold && column === header.length - 1 && cell.length > FOLDED ? el("details", { class: "fold" }, el("summary", {}, rich(cell))) : rich(cell));
  // Where it is narrow, rows of a wide table become blocks, so each cell knows its column; the
  // roles say again what browsers forget about a table that is laid out otherwise.
  return el("div", { class: "scroll", "data-key": "table" },
    el("table", { role: "table", class: tooWide(header, rows) ? "stacks" : null },
      el("caption", {}, rich(caption)),
      el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, marked ? el("th", { scope: "col", role: "columnheader", class: "narrow" }, el("span", { class: "hidden-label" }, "State")) : null,
        header.map((name, column) => el("th", { scope: "col", role: "columnheader", class: figures[column] ? "number" : null }, rich(name))))),
      el("tbody", { role: "rowgroup" }, rows.map((row) => el("tr", { role: "row", "data-tone": row.state ? tone(row.state) : null },
        marked ? el("td", { role: "cell", class: "narrow" }, row.state ? mark(row.state) : null) : null,
        row.cells.map((cell, column) => el("td", { role: "cell", class: kind(cell, column), "data-column": header[column], "data-empty": cell === "–" }, shown(cell, column))))))));
}

const FOLDED = 12;
const PHONE_LETTERS = 40;
const tooWide = (header, rows) => header.length > 2 && header.reduce((sum, name, column) => sum + Math.max(name.length, ...rows.map((row) => row.cells[column]?.length ?? 0)), 0) > PHONE_LETTERS;
const change = (cell) => /^\S+ → \S+$/.test(cell) && cell.length <= 30;
const number = (cell) => /^[×+−-]?\d[\d,\u202f ]*(\.\d+)?\s?%?$/.test(cell);

/** Bars with their numbers; it is a table, so it reads as one, too. */
function chartNode({ title, categories, series }) {
  const top = Math.max(...series.flatMap((one) => one.values), 0) || 1;
  const bar = (value, index) => {
    const rod = el("i", { class: "rod", "data-series": String(index % 4) });
    rod.style.width = `${Math.max((Math.max(value, 0) / top) * 100, value > 0 ? 1 : 0)}%`;
    return el("div", { class: "pair" }, el("span", { class: "track" }, rod), el("span", { class: "figure" }, figure(value)));
  };
  return el("div", { class: "chart", "data-key": "chart" },
    el("table", {},
      el("caption", {}, rich(title)),
      el("thead", {}, el("tr", {}, el("th", {}), series.map((one, index) => el("th", { scope: "col" }, el("i", { class: "key", "data-series": String(index % 4) }), rich(one.name))))),
      el("tbody", {}, categories.map((name, row) => el("tr", {}, el("th", { scope: "row" }, name),
        series.map((one, index) => el("td", {}, bar(one.values[row] ?? 0, index))))))));
}

const figure = (value) => value.toLocaleString(undefined, { maximumFractionDigits: 2 });

function linkNode({ label, url }) {
  return /^https?:\/\//.test(url) ? el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label) : el("span", {}, label);
}

function actionsNode({ actions }) {
  return actions.length ? el("div", { class: "actions", "data-key": "actions" }, actions.map(actionNode)) : null;
}

function actionNode(action) {
  const key = `${action.verb}|${action.label}`;
  return el("button", { type: "button", class: `act ${plain(action.style)}`, "data-key": key, data: action }, action.label);
}
