// Reads {"messages": {name: what would be sent}} from standard input, writes {name: HTML page}.
// What has blocks is drawn as Slack shows it, what has messages as LINE does. The first argument
// is the folder of the packages that package-lock.json beside this file names.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const from = createRequire(join(folder, "package.json"));
const load = (path) => import(pathToFileURL(path).href);
const style = (path) => readFileSync(join(folder, "node_modules", path), "utf8");

const { createElement } = from("react");
const { renderToStaticMarkup } = from("react-dom/server");
// Its other build requires modules that older versions of node can only import.
const { Message } = await load(join(folder, "node_modules/slack-blocks-to-jsx/dist/index.mjs"));
const { render } = await load(from.resolve("flex-render"));
const SLACK = style("slack-blocks-to-jsx/dist/style.css");
const FLEX = style("flex-render/dist/index.css");

const escaped = (text) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

const page = (css, body) => `<!doctype html><meta charset="utf-8"><style>${css}
  body { margin: 0; font-family: "DejaVu Sans", "Noto Color Emoji", sans-serif; }
  #card { display: inline-block; box-sizing: border-box; }</style><div id="card">${body}</div>`;

// The package takes the :00: of a time for an emoji, also where Slack is told not to.
const timed = (key, value) =>
  key === "text" && typeof value === "string" ? value.replace(/(?<=\d):(?=\d)/g, "\u2236") : value;

function slack({ blocks, people = {} }) {
  const shown = JSON.parse(JSON.stringify(blocks, timed));
  const options = { blocks: shown, logo: "", name: "", theme: "light", withoutWrapper: true };
  let html = renderToStaticMarkup(createElement(Message, options));
  for (const [id, name] of Object.entries(people)) html = html.replaceAll(id, escaped(name));
  const css = "#card { width: 820px; padding: 14px 18px; background: #fff; overflow: hidden; }";
  return page(SLACK + css, html);
}

// This package writes texts as they are.
const safe = (_, value) => (typeof value === "string" ? escaped(value) : value);

function bubble(message) {
  if (message.type === "flex") return render(JSON.parse(JSON.stringify(message.contents, safe)));
  return `<p class="said">${escaped(message.text ?? message.template.text)}</p>`;
}

function line({ messages }) {
  const css = `#card { width: 330px; padding: 12px; background: #8cabd8; overflow: hidden; }
    .said { margin: 0; padding: 8px 12px; border-radius: 14px; background: #fff; font-size: 13px; }`;
  return page(FLEX + css, messages.map(bubble).join(""));
}

const { messages } = JSON.parse(readFileSync(0, "utf8"));
const pages = Object.entries(messages).map(([name, body]) => [
  name,
  "blocks" in body ? slack(body) : line(body),
]);
process.stdout.write(JSON.stringify(Object.fromEntries(pages)));
