// Comfort for pages that work without it. Nothing here decides anything.
"use strict";
(() => {
  const $ = (selector, of = document) => of.querySelector(selector);

  // Leave quickly: also with the Escape key, three times within a second and a half. Nothing of the
  // page stays to be seen, and *back* does not lead to it.
  const leave = $("form[data-leave]");
  if (leave) {
    $("button", leave).title = $("#leave-hint").textContent;
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

  // The end of a session that nobody uses: a question two minutes before, a blank screen after. Typing and
  // clicking is use, told to the node once a minute at most. Nothing that was typed is kept.
  const idle = $("dialog[data-idle]");
  if (idle) {
    const ms = (seconds) => Number(seconds) * 1000;
    const last = Date.now() + ms(idle.dataset.lasts);
    let [until, told, asked] = [0, 0, 0];
    const lasts = (seconds) => { told = Date.now(); until = Math.min(told + ms(seconds), last); };
    const used = () => lasts(idle.dataset.idle);
    const hide = (hidden) => { document.documentElement.hidden = hidden; };
    used();
    const stay = async () => {
      told = Date.now();
      try {
        const answer = await fetch(idle.dataset.stay);
        if (answer.redirected) { hide(true); location.replace(idle.dataset.locked); }
        else if (answer.ok) used();
      } catch { /* The node may be away for a moment: what was typed stays. */ }
    };
    // Where another page of the session is in use, the node says how long it lasts, and this one goes on.
    const end = async () => {
      hide(true);
      try {
        const answer = await fetch(idle.dataset.lock, { method: "POST", headers: { "x-entente-quiet": "1" } });
        const left = answer.ok ? Number(await answer.text()) : 0;
        if (left > 0) { lasts(left); hide(false); return; }
      } catch { /* Then it ends by itself. */ }
      location.replace(idle.dataset.locked);
    };
    $("button[data-stay]", idle).addEventListener("click", () => { idle.close(); stay(); });
    for (const use of ["keydown", "input", "pointerdown"]) {
      addEventListener(use, () => { if (Date.now() - told > 60000) stay(); });
    }
    setInterval(() => {
      const left = until - Date.now();
      if (left <= 0) { until = Infinity; end(); }
      else if (left > 120000) idle.close();
      else if (!idle.open && asked !== last) {
        asked = until;
        $("[data-last]", idle).hidden = until !== last;
        idle.showModal();
      }
    }, 5000);
    document.addEventListener("htmx:after:request", used);
  }

  // Whom a referral is offered to: the button names the one who is ticked, or says how many are.
  const offer = $("form[data-one]");
  if (offer) {
    const button = $("button", offer);
    const say = () => {
      const ticked = [...offer.querySelectorAll("[name=partner]:checked")];
      const [words, whom] = ticked.length === 1
        ? [offer.dataset.one, $("bdi", ticked[0].closest("label")).textContent]
        : [ticked.length ? offer.dataset.several : offer.dataset.none, ticked.length];
      button.textContent = words.replace("#", () => whom);
    };
    offer.addEventListener("change", say);
    say();
  }

  // Long work: how far it is, every second. Once it has ended, its own page is loaded again; another says so and leads there.
  const look = async (part) => {
    let bar = part;
    try {
      const answer = await fetch(bar.dataset.job);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = $("[data-job]", page);
      const { pathname } = new URL(bar.dataset.job, location.href);
      const is_told = answer.ok && !answer.redirected;
      if (is_told && next) { bar.replaceWith(next); bar = next; }
      else if (pathname === location.pathname) { location.reload(); return; }
      else {
        if (!is_told) return;
        const [line, link] = [document.createElement("p"), document.createElement("a")];
        [link.href, link.textContent] = [pathname, bar.dataset.ended];
        line.setAttribute("role", "status");
        line.append(link);
        bar.replaceWith(line);
        return;
      }
    } catch { /* The node may be away for a moment. */ }
    setTimeout(look, 1000, bar);
  };
  document.querySelectorAll("[data-job]").forEach((part) => { setTimeout(look, 1000, part); });

  // What was sent is on its way: the button says so, and nothing is sent twice. A file comes without a new page.
  const sent = new WeakSet();
  document.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    if (event.defaultPrevented || form.getAttribute("method") !== "post") return;
    if ([form, submitter].some((it) => it?.hasAttribute("data-download"))) return;
    if (sent.has(form)) { event.preventDefault(); return; }
    sent.add(form);
    form.setAttribute("aria-busy", "true");
    const words = [...(submitter?.childNodes ?? [])];
    // Once the form was read: what a disabled button says is not in it.
    setTimeout(() => {
      if (!submitter) return;
      submitter.disabled = true;
      submitter.replaceChildren(document.body.dataset.working);
    });
    // Nothing came of it: somebody stopped the browser, or the node gave up, which it does after five minutes.
    const free = () => {
      sent.delete(form);
      form.removeAttribute("aria-busy");
      if (!submitter) return;
      submitter.disabled = false;
      submitter.replaceChildren(...words);
    };
    window.navigation?.addEventListener("navigateerror", () => { setTimeout(free); }, { once: true });
    setTimeout(free, 310000);
  });

  // What a browser kept of a page, with its buttons as they were, or after signing out, is not shown again.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  // The other language has the same filters, if some were changed since.
  const other = $("a[data-other]");
  other?.addEventListener("click", () => {
    const here = location.pathname.slice(3);
    if (location.search && other.pathname.slice(3) === here) other.search = location.search;
  });

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
        if (!answer.ok) return;
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
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      const field = document.getElementById(copy.dataset.copy);
      field.select();
      navigator.clipboard?.writeText(field.value).then(() => { $("[role=status]", copy.parentElement).textContent = copy.dataset.done; }).catch(() => {});
    }
    if (event.target.closest("[data-print]")) print();
  });
  // What is folded in an agreement is in force too: on paper it is open.
  addEventListener("beforeprint", () => {
    document.querySelectorAll(".article details").forEach((it) => { it.open = true; });
  });
  // What is not right and is folded could not be seen.
  document.addEventListener("invalid", ({ target }) => {
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  }, true);
  document.querySelectorAll("[data-script]").forEach((it) => { it.hidden = false; });

  // Passkeys. A form with `data-passkey` asks its node for options, lets the browser make or show a
  // passkey, and is sent with the answer. What went wrong is said in the form.
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => buffer && btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const named = (list) => list?.map((it) => ({ ...it, id: bytes(it.id) }));
  const ceremonies = {
    async create(options) {
      const made = await navigator.credentials.create({ publicKey: {
        ...options, challenge: bytes(options.challenge), user: { ...options.user, id: bytes(options.user.id) },
        excludeCredentials: named(options.excludeCredentials),
      } });
      return [made, { attestationObject: text(made.response.attestationObject) }];
    },
    async get(options) {
      const shown = await navigator.credentials.get({ publicKey: {
        ...options, challenge: bytes(options.challenge), allowCredentials: named(options.allowCredentials),
      } });
      const { authenticatorData, signature, userHandle } = shown.response;
      return [shown, { authenticatorData: text(authenticatorData), signature: text(signature), userHandle: text(userHandle) }];
    },
  };
  document.querySelectorAll("form[data-passkey]").forEach((form) => {
    if (!window.PublicKeyCredential) { form.hidden = true; return; }
    form.addEventListener("submit", async (event) => {
      if (form.elements.answer.value) return;
      event.preventDefault();
      const said = $("[data-said]", form);
      said.hidden = true;
      try {
        const begun = await fetch(form.dataset.begin, { method: "POST", headers: { "accept": "application/json" } });
        if (begun.redirected) { location.assign(begun.url); return; }
        const { ceremony, options, fault } = await begun.json();
        if (fault) { said.textContent = fault; said.hidden = false; return; }
        const [done, response] = await ceremonies[form.dataset.passkey](options);
        form.elements.ceremony.value = ceremony;
        form.elements.answer.value = JSON.stringify({
          id: done.id, rawId: text(done.rawId), type: done.type,
          response: { ...response, clientDataJSON: text(done.response.clientDataJSON) },
        });
        form.submit();
      } catch {
        // Cancelled, timed out, or no passkey: browsers do not say which.
        said.textContent = form.dataset.failed;
        said.hidden = false;
      }
    });
  });
})();
