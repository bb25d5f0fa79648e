// Live parts of jobs' pages: the quote follows the form, the output follows the job. Without this file all works by buttons.
"use strict";
(() => {
  const form = document.getElementById("new-job");
  if (form) {
    const quote = document.getElementById("quote");
    document.getElementById("count").hidden = true;
    let waiting, asked = 0;
    const ask = async () => {
      const number = ++asked;
      quote.setAttribute("aria-busy", "true");
      try {
        const answer = await fetch("/jobs/new/quote", { method: "POST", body: new URLSearchParams(new FormData(form)) });
        // An answer that is older than what was typed since is none.
        if (answer.ok && number === asked) quote.innerHTML = await answer.text();
      } catch { /* The button still works, and says what is wrong. */ }
      if (number === asked) quote.removeAttribute("aria-busy");
    };
    form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(ask, 350); });
    // Twice on the button is one job.
    form.addEventListener("submit", () => setTimeout(() => form.querySelectorAll("button").forEach((one) => { one.disabled = true; }), 0));
    addEventListener("pageshow", () => form.querySelectorAll("button").forEach((one) => { one.disabled = false; }));
  }
  const output = document.getElementById("output");
  if (output && output.dataset.stream) {
    const state = document.getElementById("output-state"), most = 300000;
    const stream = new EventSource(output.dataset.stream);
    state.textContent = state.dataset.live;
    output.scrollTop = output.scrollHeight;
    stream.onmessage = (event) => {
      const isAtEnd = output.scrollTop + output.clientHeight >= output.scrollHeight - 40;
      output.append(event.data);
      if (output.textContent.length > most) output.textContent = output.textContent.slice(-most / 2);
      if (isAtEnd) output.scrollTop = output.scrollHeight;
    };
    stream.addEventListener("over", () => { stream.close(); state.textContent = state.dataset.over; });
  }
})();
