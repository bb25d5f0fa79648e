// Parts of pages that change: <div data-live="/address" data-every="5">. They are asked for while somebody looks, and put in
// when they are another; what has the focus is left alone.
"use strict";
for (const part of document.querySelectorAll("[data-live]")) {
  let mark = "";
  const every = 1000 * (Number(part.dataset.every) || 5);
  const look = async () => {
    if (!document.hidden && !part.contains(document.activeElement)) {
      try {
        const answer = await fetch(part.dataset.live, { headers: mark ? { "If-None-Match": mark } : {}, cache: "no-store" });
        if (answer.status === 200) {
          mark = answer.headers.get("ETag") || "";
          part.innerHTML = await answer.text();
        }
      } catch { /* The centre is away for a moment: what is shown stays. */ }
    }
    setTimeout(look, every);
  };
  setTimeout(look, every);
}
