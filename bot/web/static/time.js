// Times in the viewer's own zone, with the exact moment as a tooltip.
import { el } from "/static/dom.js";

const ISO = /\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)/g;
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const exact = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

/** A moment as `14:35`, or `21 Nov 14:35` on another day. */
export function timeNode(iso, seconds = false) {
  const moment = new Date(iso);
  if (Number.isNaN(moment.getTime())) return document.createTextNode(iso);
  const hour = (seconds ? exact : clock).format(moment);
  const today = moment.toDateString() === new Date().toDateString();
  const shown = today ? hour : `${day.format(moment)} ${hour}`;
  return el("time", { datetime: iso, title: iso }, shown);
}

/** A text as nodes: moments inside it become local times, everything else stays as it is. */
export function rich(text) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(ISO)) {
    nodes.push(text.slice(from, found.index), timeNode(found[0], true));
    from = found.index + found[0].length;
  }
  nodes.push(text.slice(from));
  return nodes.filter((node) => node !== "");
}
