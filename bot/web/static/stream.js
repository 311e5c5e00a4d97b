// Following a room: catch up, stay up to date, come back after every interruption.

const IDLE_CLOSE = 60_000;

/** Follow a room; calls `on.reset()`, `on.message(message)`, `on.ready()`, `on.state(word)`. */
export function follow(room, on) {
  let source = null;
  let boot = null;
  let last = 0;
  let timer = 0;
  let over = false;

  function open() {
    clearTimeout(timer);
    source?.close();
    if (over) return;
    source = new EventSource(`/api/rooms/${encodeURIComponent(room)}/stream?after=${last}`);
    source.addEventListener("hello", (event) => greet(JSON.parse(event.data).boot));
    source.addEventListener("message", (event) => {
      const message = JSON.parse(event.data);
      last = message.change;
      on.message(message);
    });
    source.addEventListener("ready", () => { on.ready(); on.state("live"); });
    source.addEventListener("error", () => {
      on.state("reconnecting");
      if (source.readyState === EventSource.CLOSED) retry();
    });
  }

  // Another process may tell another story: read the room from its beginning.
  function greet(name) {
    if (boot !== null && name !== boot && last > 0) {
      boot = name;
      last = 0;
      on.reset();
      open();
    }
    boot = name;
  }

  async function retry() {
    const answer = await fetch("/api/me").catch(() => null);
    if (answer?.status === 401) location.replace("/login");
    timer = setTimeout(open, 1500);
  }

  // Browsers allow six connections to one host: tabs nobody looks at give theirs back.
  function looked() {
    clearTimeout(timer);
    if (!document.hidden && (!source || source.readyState === EventSource.CLOSED)) open();
    else if (document.hidden) timer = setTimeout(() => source?.close(), IDLE_CLOSE);
  }

  document.addEventListener("visibilitychange", looked);
  open();
  return () => {
    over = true;
    clearTimeout(timer);
    source?.close();
    document.removeEventListener("visibilitychange", looked);
  };
}
