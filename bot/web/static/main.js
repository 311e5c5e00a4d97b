// The page: wires the conversation, the board and the dialogs to the bot.
import { el, payload } from "/static/dom.js";
import { Failure, read, send } from "/static/api.js";
import { follow } from "/static/stream.js";
import { Conversation } from "/static/conversation.js";
import { Board } from "/static/board.js";
import { confirmAction, showJournal } from "/static/dialogs.js";
import { composeStart } from "/static/start.js";

const at = (id) => document.getElementById(id);
const me = await read("/api/me").catch((problem) => {
  at("connection").textContent = problem.message;
  throw problem;
});
const names = Object.fromEntries(me.people.map(({ key, name }) => [key, name]));
const talk = new Conversation(at("log"), at("newest"), names);
const board = new Board(at("board"), names);
const typed = [];
let recall = 0;
let moved = 0;
let echoed = () => {};
let leave = () => {};

const ECHO_WITHIN = 400;
const SEEN_WITHIN = 1500;
const NO_CARD = {
  decided: "Somebody decided this already.",
  expired: "This question is no longer open.",
  later: "Recorded, and still at work: the room will be told.",
  not_understood: "This was not understood. Type “help”.",
  refused: "You may not do this.",
};

const ON_FAIL = {
  ask: "A failed check asks people what to do",
  observe: "A failed check is only observed, to the last round",
  roll_back: "A failed check is rolled back by itself after a countdown that you can stop",
};

function setUp() {
  fill(at("room"), me.rooms);
  fill(at("actor"), me.people.map(({ key, name, role }) => ({ key, name: `${name} (${role})` })));
  at("room-pick").hidden = me.rooms.length < 2;
  at("actor-pick").hidden = me.mode !== "try";
  at("me").hidden = at("logout").hidden = me.mode === "try";
  at("me").textContent = names[me.person] ?? "";
  restore(at("room"), "room");
  restore(at("actor"), "actor");
  const rules = [me.time_scale === 1 ? null : `Times are shortened ${figure(me.time_scale)} times: 5 min of a check take ${figure(300 / me.time_scale)} s`, ON_FAIL[me.on_fail]].filter(Boolean);
  at("scale").hidden = !rules.length;
  at("scale").textContent = rules.join(" · ");
  enter();
}

const figure = (value) => String(Math.round(value * 100) / 100);
const fill = (select, items) => select.replaceChildren(...items.map(({ key, name }) => el("option", { value: key }, name)));

function restore(select, name) {
  const kept = sessionStorage.getItem(name);
  if (kept && [...select.options].some(({ value }) => value === kept)) select.value = kept;
}

function enter() {
  leave();
  const room = at("room").value;
  sessionStorage.setItem("room", room);
  const { name = "", language = "en" } = me.rooms.find(({ key }) => key === room) ?? {};
  at("room-name").textContent = name;
  // What the bot says is in the room's language: voices and the shapes of letters depend on it.
  for (const said of ["log", "sheet"]) at(said).lang = language;
  at("room-name").hidden = me.rooms.length > 1;
  reset();
  leave = follow(room, { reset, message: arrive, ready: () => at("log").setAttribute("aria-busy", "false"), state: connection });
}

function reset() {
  at("log").setAttribute("aria-busy", "true");
  talk.reset();
  board.reset();
  tellQuestions();
}

function arrive(message) {
  if (message.card.kind === "said") echoed();
  else moved += 1;
  const before = board.shown;
  if (message.card.kind === "board" && message.card.release !== null) board.put(message);
  talk.put(message, board.shown);
  if (before !== board.shown) talk.refreshBoards(board.shown);
  tellQuestions();
}

/** Where only one side fits, the board says what waits on the other one. */
function tellQuestions() {
  const open = talk.questions();
  const more = open.length > 1 ? ` (+${open.length - 1})` : "";
  at("tab-chat").textContent = open.length ? `Chat · ${open.length} to answer` : "Chat";
  at("waiting").hidden = !open.length;
  at("waiting").textContent = open.length ? `Answer: ${open[0].message.card.title}${more}` : "";
}

function connection(state) {
  at("connection").dataset.state = state;
  at("connection").textContent = state === "live" ? "Connected" : "Reconnecting…";
}

const actor = () => (me.mode === "try" ? { as: at("actor").value } : {});
const place = (what) => `/api/rooms/${encodeURIComponent(at("room").value)}/${what}`;

/** Say a line; what comes back to this viewer only is shown in the conversation. */
async function say(text) {
  show("chat");
  talk.toEnd();
  const before = moved;
  // What was said stands above its answer, also when the answer is faster.
  const echo = new Promise((go) => { echoed = go; });
  let reply;
  try {
    reply = await send(place("say"), { text, ...actor() });
  } catch (problem) {
    if (!at("text").value) at("text").value = text;
    return failed(problem);
  }
  await Promise.race([echo, new Promise((go) => setTimeout(go, ECHO_WITHIN))]);
  const button = heard(reply, before)?.querySelector("button.act");
  // What is missing is asked for at once; the button stays for whoever cancels.
  if (reply.card?.kind === "refusal" && button && asksForMore(payload(button)) && !document.querySelector("dialog[open]")) await press(button, payload(button));
}

const asksForMore = ({ verb, confirm }) => verb === "form" || Boolean(confirm?.reason);

/** Show the answer; `before` is how much had moved when it was asked for. Nothing is silent. */
function heard({ outcome, card }, before) {
  if (card) return talk.whisper(card);
  if (NO_CARD[outcome]) return talk.whisper(note("notice", NO_CARD[outcome]));
  setTimeout(() => { if (moved === before) talk.whisper(note("notice", "Recorded.")); }, SEEN_WITHIN);
  return null;
}

function failed(problem) {
  if (!(problem instanceof Failure)) throw problem;
  talk.whisper(note("refusal", problem.message));
}

const note = (kind, text) => ({ kind, title: text, text, release: null, state: "", state_word: "", lines: [], fields: [], links: [], table: null, chart: null, actions: [], mentions: [], at: null, who: "", footer: null });

async function press(button, action) {
  if (button.getAttribute("aria-disabled") === "true") return;
  if (action.verb === "act_as") return actAs(button, action.value);
  if (action.verb === "form") return start();
  let reason = "";
  if (action.confirm) {
    reason = await confirmAction(action);
    if (reason === null) return;
  }
  if (action.verb === "say") {
    spend(button);
    return say(reason ? `${action.value} because ${reason}` : action.value);
  }
  const before = moved;
  button.setAttribute("aria-disabled", "true");
  button.setAttribute("aria-busy", "true");
  try {
    const reply = await send(place("act"), { verb: action.verb, value: action.value, reason, ...actor() });
    if (!["refused", "not_understood"].includes(reply.outcome)) spend(button);
    if (reply.card || reply.outcome !== "accepted") show("chat");
    heard(reply, before);
  } catch (problem) {
    failed(problem);
  } finally {
    button.removeAttribute("aria-disabled");
    button.removeAttribute("aria-busy");
  }
}

/** What only this viewer sees is never edited by the bot: take its used buttons away. */
function spend(button) {
  const entry = button.closest(".private");
  if (!entry) return;
  button.closest(".actions").remove();
  entry.focus({ preventScroll: true });
}

async function start() {
  const here = me.targets.filter(({ rooms }) => rooms.includes(at("room").value));
  if (!here.length) return talk.whisper(note("notice", "No target in release.yml may be started from this room."));
  const command = await composeStart(here);
  if (command) await say(command);
}

function actAs(button, person) {
  if (me.mode !== "try" || !(person in names)) return;
  at("actor").value = person;
  sessionStorage.setItem("actor", person);
  button.closest(".actions").replaceWith(el("p", { class: "line" }, `You act as ${names[person]} now.`));
  at("actor").focus();
}

function show(view) {
  const entered = document.body.dataset.view !== view;
  document.body.dataset.view = view;
  if (entered && view === "chat") talk.entered();
  at("tab-chat").setAttribute("aria-pressed", String(view === "chat"));
  at("tab-board").setAttribute("aria-pressed", String(view === "board"));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const action = payload(button);
  if (action) void press(button, action);
  else if (button.dataset.board) {
    board.choose(Number(button.dataset.board));
    talk.refreshBoards(board.shown);
    show("board");
  }
});

at("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = at("text").value.trim();
  if (!text) return;
  typed.push(text);
  recall = typed.length;
  at("text").value = "";
  void say(text);
});

at("text").addEventListener("keydown", (event) => {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!step || !typed.length) return;
  event.preventDefault();
  recall = Math.min(Math.max(recall + step, 0), typed.length);
  at("text").value = typed[recall] ?? "";
});

at("room").addEventListener("change", enter);
at("actor").addEventListener("change", () => sessionStorage.setItem("actor", at("actor").value));
at("tab-chat").addEventListener("click", () => show("chat"));
at("tab-board").addEventListener("click", () => show("board"));
at("waiting").addEventListener("click", () => {
  show("chat");
  talk.goTo(talk.questions()[0]);
});
at("journal").addEventListener("click", () => void showJournal(board.shown));
at("history").addEventListener("click", () => void say("history"));
at("errors").addEventListener("click", () => void say("errors since deploy"));
at("logout").addEventListener("click", async () => {
  await fetch("/logout", { method: "POST" });
  location.replace("/");
});
at("start").addEventListener("click", () => void start());

setUp();
