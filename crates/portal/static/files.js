// Uploads in parts that go on where they broke, and files that are dropped on the page. Without it the form works, too.
"use strict";
(() => {
  const form = document.querySelector("form[data-upload]");
  if (!form || !window.fetch || !window.File) return;
  const PART = 8 << 20;
  const list = form.querySelector(".uploads");
  const picker = form.querySelector("input[type=file]");
  const mark = form.elements.csrf.value;
  const words = form.dataset;
  let queue = Promise.resolve();
  let sent = 0;
  let failed = 0;
  let underWay = 0;

  // The same file has the same key, so that an upload which broke is found again.
  const keyOf = (file) => {
    let hash = 0xcbf29ce484222325n;
    for (const byte of new TextEncoder().encode(`${file.name}\n${file.size}\n${file.lastModified}`))
      hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
    return hash.toString(16).padStart(16, "0");
  };
  const nap = (ms) => new Promise((done) => setTimeout(done, ms));

  const upload = async (file, line) => {
    const base = `${words.upload}${encodeURIComponent(file.name)}?key=${keyOf(file)}`;
    const replace = form.elements.replace.checked ? 1 : 0;
    let done = null;
    for (let tries = 0; !line.stopped; ) {
      let reply, told;
      try {
        const end = done === file.size;
        if (done === null) reply = await fetch(base);
        else {
          const url = end ? `${base}&size=${file.size}&replace=${replace}` : `${base}&offset=${done}`;
          const body = end ? null : file.slice(done, done + PART);
          line.stop = new AbortController();
          reply = await fetch(url, { method: "POST", headers: { "x-csrf": mark }, body, signal: line.stop.signal });
        }
        told = await reply.json();
      } catch {
        if (line.stopped) break;
        told = { code: "again" };
      }
      if (told.finished) return line.say(words.sent, 1);
      if (told.code === "again") {
        // The network, or the centre, is away for a moment.
        if (++tries > 60) return line.say(words.failed, null, true);
        line.say(words.again, done === null ? 0 : done / file.size);
        done = null;
        await nap(Math.min(1000 * tries, 10000));
      } else if (told.error) return line.say(`${words.failed} ${told.error}`, null, true);
      else if (typeof told.done === "number") {
        // What is there already may be more than this file has: then it is another one's.
        if (told.done > file.size) {
          await fetch(base, { method: "DELETE", headers: { "x-csrf": mark } }).catch(() => null);
          done = null;
          if (++tries > 3) return line.say(words.failed, null, true);
        } else {
          if (told.done !== done) tries = 0;
          done = told.done;
          line.say("", file.size ? done / file.size : 1);
        }
      } else return line.say(words.failed, null, true);
    }
    await fetch(base, { method: "DELETE", headers: { "x-csrf": mark } }).catch(() => null);
    line.say(words.stopped, null);
  };

  const lineFor = (file) => {
    const box = document.createElement("p");
    const name = document.createElement("span");
    const bar = document.createElement("progress");
    const state = document.createElement("span");
    const stop = document.createElement("button");
    name.textContent = `${file.name} `;
    bar.className = "meter";
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    stop.type = "button";
    stop.className = "button button-small button-quiet";
    stop.textContent = words.stop;
    box.append(name, state, stop, bar);
    list.append(box);
    const line = {
      stopped: false,
      failed: false,
      stop: null,
      say(text, share, failed) {
        state.textContent = text;
        if (typeof share === "number") bar.value = share;
        if (failed) line.failed = true;
        if (text && (share === 1 || share === null)) stop.remove();
      },
    };
    stop.addEventListener("click", () => {
      line.stopped = true;
      if (line.stop) line.stop.abort();
    });
    return line;
  };

  const take = (files) => {
    for (const file of files) {
      const line = lineFor(file);
      underWay += 1;
      queue = queue
        .then(() => upload(file, line))
        .then(() => {
          underWay -= 1;
          if (line.failed) failed += 1;
          else if (!line.stopped) sent += 1;
          // The list shows what came; what went wrong stays to be read.
          if (!underWay && sent && !failed) location.assign(`${location.pathname}?done=sent`);
        });
    }
  };

  form.addEventListener("submit", (event) => {
    if (!picker.files.length) return;
    event.preventDefault();
    take(picker.files);
    picker.value = "";
  });
  const hint = document.createElement("p");
  hint.className = "soft";
  hint.textContent = words.drop;
  form.prepend(hint);
  for (const kind of ["dragenter", "dragover"])
    document.addEventListener(kind, (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      form.classList.add("over");
    });
  document.addEventListener("dragleave", (event) => event.relatedTarget || form.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    form.classList.remove("over");
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  window.addEventListener("beforeunload", (event) => underWay && event.preventDefault());
})();
