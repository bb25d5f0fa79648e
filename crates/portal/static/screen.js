// Visit mode: the next scene after a while. Arrows go on and back, the space bar and the link halt it.
"use strict";
const PAUSE = 15000;
let timer = 0;
let halted = location.search.includes("stay=1");
const halt = () => document.getElementById("halt");
const wind = () => { clearTimeout(timer); if (!halted) timer = setTimeout(() => go("next"), PAUSE); };
async function go(way) {
  const address = document.getElementById("main").dataset[way];
  try {
    const text = await (await fetch(address, { cache: "no-store" })).text();
    const page = new DOMParser().parseFromString(text, "text/html");
    if (!page.getElementById("main")) throw new Error("no scene");
    const keeps = document.activeElement && document.activeElement.id === "halt";
    document.body.replaceChildren(...page.body.childNodes);
    mark();
    if (keeps) halt().focus();
  } catch { /* The centre is away for a moment: the scene stays. */ }
  wind();
}
function mark() {
  const link = halt();
  if (!link) return;
  halted ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
}
function toggle() { halted = !halted; mark(); wind(); }
document.addEventListener("keydown", (event) => {
  if (event.key === "ArrowRight") go("next");
  else if (event.key === "ArrowLeft") go("before");
  else if (event.key === " " && event.target.tagName !== "A") { event.preventDefault(); toggle(); }
});
document.addEventListener("click", (event) => {
  if (event.target.closest && event.target.closest("#halt")) { event.preventDefault(); toggle(); }
});
mark();
wind();
