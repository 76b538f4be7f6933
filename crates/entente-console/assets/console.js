// Comfort for pages that work without it. Nothing here decides anything.
"use strict";
(() => {
  const $ = (selector, of = document) => of.querySelector(selector);

  // Leave quickly: also with the Escape key, three times within a second and a half. Nothing of the
  // page stays to be seen, and *back* does not lead to it.
  const leave = $("form[data-leave]");
  if (leave) {
    const go = () => {
      document.documentElement.hidden = true;
      fetch(leave.action, { method: "POST", keepalive: true }).catch(() => {});
      location.replace(leave.dataset.leave);
    };
    leave.addEventListener("submit", (event) => { event.preventDefault(); go(); });
    let presses = [];
    addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      presses = [...presses.filter((at) => event.timeStamp - at < 1500), event.timeStamp];
      if (presses.length >= 3) go();
    });
  }

  // The end of a session that nobody uses: a question two minutes before, a blank screen after.
  const idle = $("dialog[data-idle]");
  if (idle) {
    const lasts = Number(idle.dataset.idle) * 1000;
    let until = Date.now() + lasts;
    const stay = () => fetch(idle.dataset.stay, { headers: { "accept": "text/plain" } })
      .then((answer) => { if (answer.redirected || !answer.ok) throw 0; until = Date.now() + lasts; })
      .catch(() => location.replace(idle.dataset.locked));
    $("button[data-stay]", idle).addEventListener("click", () => { idle.close(); stay(); });
    setInterval(() => {
      const left = until - Date.now();
      if (left <= 0) { document.documentElement.hidden = true; location.replace(idle.dataset.locked); }
      else if (left < 120000 && !idle.open) idle.showModal();
    }, 5000);
    document.addEventListener("htmx:after:request", () => { until = Date.now() + lasts; });
  }

  // Long work: how far it is, every second; the whole page once it has ended.
  const look = async () => {
    const part = $("[data-watch]");
    try {
      const answer = await fetch(part.dataset.watch);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = $("[data-watch]", page);
      if (answer.redirected || !answer.ok || !next) { location.reload(); return; }
      part.replaceWith(next);
    } catch { /* The node may be away for a moment. */ }
    setTimeout(look, 1000);
  };
  if ($("[data-watch]")) setTimeout(look, 1000);

  // What a browser kept of a page after signing out is not shown again.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  // A mistake in a form that was swapped in: the summary gets the focus.
  const focus = () => $("[data-summary]")?.focus();
  focus();
  document.addEventListener("htmx:after:swap", focus);

  // What waits, as it comes. Asking is no use of the session: a screen that was left alone still ends.
  const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
  const watch = async (box) => {
    for (let wait = 1000; ;) {
      try {
        const answer = await fetch(box.dataset.watch, { headers: { "x-entente-quiet": "1" } });
        if (answer.redirected || !answer.ok) return;
        const told = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = $("[data-watch]", told);
        if (!fresh) return;
        box.dataset.watch = fresh.dataset.watch;
        if (fresh.innerHTML !== box.innerHTML) {
          const focused = box.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
          box.replaceChildren(...fresh.childNodes);
          if (focused) [...box.querySelectorAll("a")].find((it) => it.getAttribute("href") === focused)?.focus();
        }
        wait = 1000;
      } catch {
        await pause(wait);
        wait = Math.min(wait * 2, 60000);
      }
    }
  };
  document.querySelectorAll("[data-watch]").forEach((box) => { watch(box); });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-print]");
    if (button) print();
  });
  document.querySelectorAll("[data-script]").forEach((it) => { it.hidden = false; });
})();
