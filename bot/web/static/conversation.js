// The conversation: messages in the order they were posted, edited in place.
import { chip, el, morph } from "/static/dom.js";
import { cardNode } from "/static/card.js";
import { timeNode } from "/static/time.js";

const KEPT = 500;

export class Conversation {
  constructor(log, newest, names) {
    this.log = log;
    this.newest = newest;
    this.names = names;
    this.entries = [];
    this.follows = true;
    newest.addEventListener("click", () => this.toEnd());
    log.addEventListener("scroll", () => { if (this.look()) newest.hidden = true; });
  }

  reset() {
    this.entries = [];
    this.log.replaceChildren();
  }

  atEnd() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 60;
  }

  // While the board hides the conversation it has no height, and its place says nothing.
  look() {
    if (this.log.clientHeight) this.follows = this.atEnd();
    return this.follows;
  }

  toEnd() {
    this.follows = true;
    this.log.scrollTop = this.log.scrollHeight;
    this.newest.hidden = true;
  }

  /** The conversation is in sight again: whoever followed it sees what was said meanwhile. */
  entered() {
    if (this.follows) this.toEnd();
  }

  /** The messages that wait for an answer, oldest first. */
  questions() {
    return this.entries.filter(({ message: { card } }) => card.kind === "question" && card.actions.length);
  }

  goTo(entry) {
    entry.node.scrollIntoView({ block: "nearest" });
    entry.node.focus({ preventScroll: true });
  }

  /** Show a message or its newer form; `shown` says which release the board shows. */
  put(message, shown) {
    const stay = this.look();
    const known = this.entries.find((entry) => entry.message.id === message.id);
    const inner = this.draw(message, shown);
    if (known) {
      known.message = message;
      const focused = known.node.contains(document.activeElement) && document.activeElement !== known.node;
      morph(known.node, inner);
      if (focused && !known.node.contains(document.activeElement)) known.node.focus({ preventScroll: true });
    } else this.insert({ message, node: inner });
    if (stay) this.toEnd();
    else if (!known) this.newest.hidden = false;
  }

  draw(message, shown) {
    const node = el("div", { class: "entry", tabindex: "-1", "data-message": message.id });
    node.append(message.card.kind === "board" ? boardLine(message, shown) : cardNode(message.card, { names: this.names, at: message.at }));
    if (message.edited && message.card.kind !== "board") node.dataset.edited = "yes";
    return node;
  }

  insert(entry) {
    const moment = Date.parse(entry.message.at);
    let place = this.entries.length;
    while (place > 0 && Date.parse(this.entries[place - 1].message.at) > moment) place -= 1;
    // Behind the last message also means behind what only this viewer sees.
    if (place === this.entries.length) this.log.append(entry.node);
    else this.log.insertBefore(entry.node, this.entries[place].node);
    this.entries.splice(place, 0, entry);
    if (this.entries.length > KEPT) this.entries.shift().node.remove();
  }

  /** Draw the lines of boards again after another one is shown. */
  refreshBoards(shown) {
    for (const { message, node } of this.entries) if (message.card.kind === "board") morph(node, this.draw(message, shown));
  }

  /** Show a card that only this viewer sees; gives its element. */
  whisper(card) {
    const node = el("div", { class: "entry private", tabindex: "-1" }, el("p", { class: "only" }, "only you see this"), cardNode(card, { names: this.names, at: new Date().toISOString() }));
    this.log.append(node);
    this.toEnd();
    return node;
  }
}

function boardLine(message, shown) {
  const { card } = message;
  return el("div", { class: "board-line" },
    el("span", { class: "line-title" }, card.title), card.state ? chip(card.state, card.state_word) : null,
    card.release === shown ? null : el("button", { type: "button", class: "quiet", "data-board": String(card.release), "data-key": "show" }, `Show board #${card.release}`),
    el("span", { class: "when" }, timeNode(message.at)));
}
