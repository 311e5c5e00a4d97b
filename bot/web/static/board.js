// The board: the newest running release, or the last one, always in sight.
import { chip, el, morph } from "/static/dom.js";
import { cardNode } from "/static/card.js";

const OVER = new Set(["done", "aborted", "rolled_back", "failed"]);
export const isLive = (card) => !OVER.has(card.state.replaceAll(" ", "_"));

export class Board {
  constructor(region, names) {
    this.sheet = region.querySelector("#sheet");
    this.others = region.querySelector("#others");
    this.journal = region.querySelector("#journal");
    this.start = region.querySelector("#start");
    this.names = names;
    this.cards = new Map();
    this.chosen = null;
  }

  reset() {
    this.cards.clear();
    this.chosen = null;
    this.draw();
  }

  /** The release whose board is shown; null when there is none. */
  get shown() {
    if (this.cards.has(this.chosen)) return this.chosen;
    const all = [...this.cards.keys()].sort((one, other) => other - one);
    return all.find((release) => isLive(this.cards.get(release).card)) ?? all[0] ?? null;
  }

  put(message) {
    const { release } = message.card;
    // A release that begins takes the place of one that somebody looked up.
    if (!this.cards.has(release) && isLive(message.card)) this.chosen = null;
    this.cards.set(release, message);
    this.draw();
  }

  choose(release) {
    this.chosen = release;
    this.draw();
  }

  draw() {
    const message = this.cards.get(this.shown);
    const live = [...this.cards.values()].filter(({ card }) => isLive(card));
    const fresh = el("div", { class: "sheet", id: "sheet" }, message ? cardNode(message.card, { names: this.names, at: message.at, board: true }) : nothing());
    morph(this.sheet, fresh);
    this.journal.hidden = !message;
    this.start.classList.toggle("big", !live.length);
    this.start.classList.toggle("primary", !live.length);
    const others = live.filter(({ card }) => card.release !== this.shown);
    morph(this.others, el("span", { class: "others", id: "others" }, others.map(({ card }) =>
      el("button", { type: "button", class: "quiet", "data-board": String(card.release), "data-key": String(card.release), "aria-label": `Show board #${card.release}` }, `#${card.release} `, chip(card.state, card.state_word)))));
    document.title = message ? `#${message.card.release} ${message.card.state.replaceAll("_", " ")} · Release Master` : "Release Master";
  }
}

function nothing() {
  return el("div", { class: "nothing" }, el("p", {}, "No release yet."), el("p", { class: "hint" }, "Start one with the button, or type “start” and a target."));
}
