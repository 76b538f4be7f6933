// What every journey through the console needs: nodes as they are run, a browser, and eyes.
//
// A journey gets a `World`. It opens houses (a node with its console), signs people in, and looks at pages:
// axe, sideways scrolling, a picture, the way of Tab. Whatever the browser says, and every request to anywhere else,
// is a finding.
import { createRequire } from "node:module";
import { execFileSync, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

const require = createRequire(join(process.env.ENTENTE_NODE_MODULES ?? "node_modules", "x.js"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Routes that answer with a file, a part of a page, or by leading elsewhere. */
const NO_PAGES = ["/jobs/{job}/file", "/jobs/{job}/rows/file", "/statistics/returns/{return}/{form}", "/referrals/{referral}/news", "/statistics/overlap/{round}/result",
  "/statistics/overlap/{round}/table", "/stay", "/waiting"];

export const PASSWORD = "lanterne violon maple river";
export const ALL_ROLES = ["administrator", "case_worker", "supervisor", "privacy_officer", "coordinator", "auditor"];

/** The code of an app, RFC 6238. A step is used once, so a second code is that of the next step. */
const lastStep = new Map();
export function code(secret, { again = false } = {}) {
  const bits = [...secret.replace(/\s/g, "")].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Math.max(Math.floor(Date.now() / 30000), (lastStep.get(secret) ?? 0) + (again ? 0 : 1));
  lastStep.set(secret, step);
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const hash = createHmac("sha1", key).update(counter).digest();
  const at = hash[hash.length - 1] & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, "0");
}

/** A port of this machine that nothing listens on. */
export const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

/** Waits until the work that a page watches has ended. */
export async function ended(page) {
  await page.locator("[data-job]").waitFor({ state: "detached", timeout: 120_000 });
  await page.waitForLoadState("domcontentloaded");
}

/** One organization: its node, its console, its command line. */
class House {
  constructor(program, home) {
    this.program = program;
    this.home = home;
  }

  /** Runs a command of this house and gives what it printed. */
  cli(...args) { return execFileSync(this.program, ["--home", this.home, ...args], { encoding: "utf8" }); }

  /** The same, as a document. */
  json(...args) { return JSON.parse(this.cli("--json", ...args)); }

  /** Starts the node; `origin` is then the address of its console. */
  async run() {
    this.node = spawn(this.program, ["--home", this.home, "--json", "node", "run", "--passphrase-file", this.pass]);
    this.up = await new Promise((resolve, reject) => {
      let text = "";
      this.node.stdout.on("data", (part) => { text += part; if (text.includes("\n")) resolve(JSON.parse(text.split("\n")[0])); });
      this.node.on("exit", () => reject(new Error("the node did not start")));
    });
    this.origin = this.up.console;
  }

  /** Stops the node, and waits until it has. */
  async stop() {
    const over = new Promise((resolve) => { this.node.once("exit", resolve); });
    this.node.kill("SIGTERM");
    await over;
  }
}

export class World {
  #browser;
  /** Of each context of the browser: the origins that are ours, and whether pages may run scripts. */
  #watched = new WeakMap();
  /** Of each route: the language in which somebody went through it by Tab. */
  #walked = new Map();
  /** Of each page: what presses its keys. */
  #keys = new WeakMap();
  /** How tall the picture of a page is that was kept. */
  #tallest = new Map();

  constructor(program, folder, pictures) {
    Object.assign(this, { program, folder, pictures, failures: [], houses: [] });
    // Rows of a route, a language and a width, as text: where it was looked at, and where axe has looked.
    Object.assign(this, { looked: new Set(), axed: new Set() });
    for (const needed of [folder, join(pictures, "pages")]) mkdirSync(needed, { recursive: true });
  }

  async open() {
    this.#browser = await chromium.launch({
      executablePath: process.env.ENTENTE_CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    });
  }

  async close() {
    await this.#browser.close();
    for (const house of this.houses) house.node?.kill("SIGTERM");
  }

  /** Writes down what is not as it should be, and goes on. */
  check(ok, what) { if (!ok) this.failures.push(what); }

  /** A new organization whose node runs, and whom others can dial. `settings` changes the text of entente.toml. */
  async house(name, { en = "Harbour House", fr = "Maison du Havre", type = "ngo", settings = (text) => text } = {}) {
    const house = Object.assign(new House(this.program, join(this.folder, name)), { name, en });
    house.pass = join(this.folder, `${name}.passphrase`);
    writeFileSync(house.pass, "five random words stand here\n");
    house.cli("node", "init", "--name-en", en, "--name-fr", fr, "--type", type, "--listen", `127.0.0.1:${await freePort()}`, "--passphrase-file", house.pass);
    const file = join(house.home, "entente.toml");
    writeFileSync(file, settings(readFileSync(file, "utf8").replace("127.0.0.1:8443", "127.0.0.1:0").replace("settled_days = 7", "settled_days = 0")));
    this.houses.push(house);
    await house.run();
    return house;
  }

  /** A browser window of its own. What it says, and where it asks, is watched; `also` are origins that are not ours. */
  async window(house, { also = [], ...options } = {}) {
    const context = await this.#browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1200, height: 820 }, ...options });
    this.#watched.set(context, { ours: [house.origin, ...also], scripts: options.javaScriptEnabled !== false });
    return this.tab(context);
  }

  /** A window without scripts, in which whoever is signed in on `page` is signed in. */
  async plain(house, page, options = {}) {
    return this.window(house, { javaScriptEnabled: false, storageState: await page.context().storageState(), ...options });
  }

  async tab(context) {
    const page = await context.newPage();
    page.elsewhere = false;
    // A click ends when the answer begins; what is read then may not be there yet, be it a page or a part of one.
    const click = page.click.bind(page);
    page.click = async (...at) => {
      await click(...at);
      await page.waitForLoadState("domcontentloaded");
      await page.locator(".htmx-request").first().waitFor({ state: "detached" });
    };
    const { ours } = this.#watched.get(context);
    page.on("request", (request) => { if (!page.elsewhere && !ours.some((it) => request.url().startsWith(it)) && !/^(data|blob):/.test(request.url())) this.check(false, `a request to ${request.url()}`); });
    page.on("console", (message) => { if (["error", "warning"].includes(message.type()) && !/status of (404|422)/.test(message.text())) this.check(false, `the browser says at ${page.url()}: ${message.text()}`); });
    page.on("pageerror", (error) => this.check(false, `a script failed: ${error}`));
    return page;
  }

  /** Adds somebody with these roles, who joins by the link and is signed in. Gives the page and the secret of the app. */
  async person(house, name, roles, { display = name, lang = "en", page } = {}) {
    page ??= await this.window(house);
    const args = roles.flatMap((role) => ["--role", role]);
    const { link } = house.json("user", "add", name, "--display", display, ...args);
    await page.goto(link.replace("/join/", `/${lang}/join/`));
    await page.fill("#password", PASSWORD);
    const secret = (await page.textContent("p > .code")).trim();
    await page.fill("#code", code(secret));
    await page.click("main form button");
    await page.click("main a.button");
    return { page, secret };
  }

  /** Proves again who is asking, on the page that asks for it. */
  async confirm(page, secret) {
    await page.fill("#password", PASSWORD);
    await page.fill("#code", code(secret));
    await page.click("main form button");
    // What had been typed waits there. A journey goes back, as without it, and does it again.
    if (await page.locator("form[data-kept]").count()) await page.click("main a");
  }

  /** Looks at a page: axe and nothing wider than the window, in three widths; the way of Tab; a picture; the other language. */
  async look(page, name, { picture = true, whole = false, other = true } = {}) {
    await this.#sees(page, name);
    if (picture) await page.screenshot({ path: join(this.pictures, `${name}.png`), fullPage: whole });
    const size = page.viewportSize();
    if (size.width < 1200) return;
    // What is shown wide is also shown narrow, whatever has been typed and opened by then.
    for (const width of [390, 320]) {
      await page.setViewportSize({ width, height: 844 });
      await this.#sees(page, `${name} at ${width} px`);
    }
    await page.setViewportSize(size);
    await this.#tabs(page, name);
    if (other) await this.#inBoth(page);
  }

  /** At the width that the window has. Narrower than 390 px nothing changes but where lines break. */
  async #sees(page, name) {
    if (page.viewportSize().width >= 390) await this.axe(page, name);
    await this.#fits(page, name);
  }

  async axe(page, name) {
    const { ours, scripts } = this.#watched.get(page.context());
    const at = scripts ? page : await this.#alike(page, ours);
    if (!(await at.evaluate(() => "axe" in window))) await at.evaluate(axe);
    const found = await at.evaluate((tags) => axe.run(document, { runOnly: tags }), TAGS);
    for (const it of found.violations) {
      this.check(false, `${name}: ${it.id}: ${it.help}: ${it.nodes.map((node) => node.target.join(" ")).join("; ")}`);
    }
    if (at !== page) await at.context().close();
    const { route, lang } = placeOf(page);
    if (route) this.axed.add(`${route} ${lang} ${page.viewportSize().width}`);
  }

  /** Where there are no scripts there is no axe either. So it gets a window with what the page shows, which runs axe alone. */
  async #alike(page, [origin, ...also]) {
    const body = (await page.content()).replace(/<\/?noscript>|<meta http-equiv[^>]*>|<script[^>]*><\/script>/g, "");
    const at = await this.window({ origin }, { also, viewport: page.viewportSize() });
    const [address] = page.url().split("#");
    await at.route((url) => url.href === address, (route) => route.fulfill({ body, contentType: "text/html; charset=utf-8" }));
    await at.goto(address);
    return at;
  }

  /** Goes through a page by Tab: every control is reached, in the order of the page, and shows that it has the focus. */
  async #tabs(page, name) {
    const { route, lang } = placeOf(page);
    if (!this.#watched.get(page.context()).scripts || (this.#walked.get(route) ?? lang) !== lang) return;
    this.#walked.set(route, lang);
    const n_presses = await page.evaluate(beginWalk);
    // At once, and not one after the other: the page is asked a single time what has happened.
    // Kept for the page: a session that ends takes the passkeys of a journey with it.
    if (!this.#keys.has(page)) this.#keys.set(page, await page.context().newCDPSession(page));
    const keys = this.#keys.get(page);
    const press = () => keys.send("Input.dispatchKeyEvent", { type: "rawKeyDown", key: "Tab", code: "Tab", windowsVirtualKeyCode: 9 });
    await Promise.all(Array.from({ length: n_presses }, press));
    for (const it of await page.evaluate(() => window.endWalk())) this.check(false, `${name}, by Tab: ${it}`);
  }

  /** Looks at the same page in the language in which nobody has looked at its route yet. */
  async #inBoth(page) {
    const { route, as } = placeOf(page);
    for (const lang of ["en", "fr"]) {
      if (!route || this.looked.has(`${route} ${lang} 1200`)) continue;
      const tab = await this.tab(page.context());
      tab.elsewhere = page.elsewhere;
      await tab.goto(as(lang));
      // Who is sent elsewhere has not seen the page.
      for (const width of placeOf(tab).route === route ? [1200, 390, 320] : []) {
        await tab.setViewportSize({ width, height: 844 });
        await this.#sees(tab, `${route} in ${lang} at ${width} px`);
      }
      await tab.close();
    }
  }

  /** Nothing is wider than the window. */
  async #fits(page, name) {
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    this.check(sideways <= 0, `${name}: ${sideways} px wider than the window`);
    const { route, lang } = placeOf(page);
    const { width } = page.viewportSize();
    // A table that has to be moved sideways on a desk hides its last column.
    const cut = width < 1200 ? 0 : await page.evaluate(() => [...document.querySelectorAll(".scroll")].filter((it) => it.scrollWidth > it.clientWidth).length);
    this.check(cut === 0, `${name}: a table is wider than a page on a desk`);
    if (route) this.looked.add(`${route} ${lang} ${width}`);
    // Of each page one picture in each language, wide in English and narrow in French: the longest that there was.
    if (!route || !["en 1200", "fr 390"].includes(`${lang} ${width}`)) return;
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    if (height <= (this.#tallest.get(`${route} ${lang}`) ?? 0)) return;
    this.#tallest.set(`${route} ${lang}`, height);
    const file = route.slice(1).replaceAll("/", "-").replace(/[{}]/g, "") || "home";
    await page.screenshot({ path: join(this.pictures, "pages", `${file}-${lang}.png`), fullPage: true });
  }

  /** Looks at pages in both languages. `pages` has rows of name and path; pictures are kept of `pictured` names, those that end
   * with 390 at that width. */
  async tour(page, house, pages, pictured = []) {
    for (const lang of ["en", "fr"]) {
      for (const [name, path] of pages) {
        await page.goto(`${house.origin}/${lang}${path}`);
        await this.look(page, `${name}-${lang}`, { picture: pictured.includes(`${name}-${lang}`), other: false });
        if (!pictured.includes(`${name}-${lang}-390`)) continue;
        await page.setViewportSize({ width: 390, height: 844 });
        await page.screenshot({ path: join(this.pictures, `${name}-${lang}-390.png`) });
        await page.setViewportSize({ width: 1200, height: 820 });
      }
    }
  }
}

/** In the page: begins to write down where the focus goes, from the top. Says how often to press Tab to come around for sure;
 * `endWalk` then says what was wrong, and leaves the page as it was. */
function beginWalk() {
  const [before, x, y] = [document.activeElement, scrollX, scrollY];
  const root = document.querySelector("dialog[open]") ?? document;
  const isOneOf = (it, other) => it.type === "radio" && other.type === "radio" && it.name === other.name && it.form === other.form;
  const all = [...root.querySelectorAll("a[href],button,input,select,textarea,summary,[tabindex='0']")]
    .filter((it) => it.tabIndex >= 0 && !it.matches(":disabled") && it.checkVisibility({ visibilityProperty: true }));
  const called = (it) => `${it.localName}${it.id && `#${it.id}`} “${(it.textContent.trim() || it.name || it.getAttribute("href") || "").slice(0, 40)}”`;
  const [reached, wrong] = [[], []];
  let isAround = false;
  const at = ({ target }) => {
    if (isAround || target === document.body) return;
    const last = reached.at(-1);
    if (reached.includes(target)) {
      isAround = true;
      if (target !== reached[0]) wrong.push(`${called(last)} leads back to ${called(target)}`);
      return;
    }
    if (last && !(last.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_FOLLOWING)) wrong.push(`${called(target)} comes after ${called(last)}`);
    reached.push(target);
    const [style, box, page] = [getComputedStyle(target), target.getBoundingClientRect(), document.documentElement];
    const shows = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
    if (!shows) wrong.push(`${called(target)} does not show the focus`);
    const inside = box.width > 0 && box.height > 0 && box.left + scrollX >= 0 && box.top + scrollY >= 0
      && box.right + scrollX <= page.scrollWidth + 1 && box.bottom + scrollY <= page.scrollHeight + 1;
    if (!inside) wrong.push(`${called(target)} has the focus outside of the page`);
  };
  window.endWalk = () => {
    removeEventListener("focusin", at);
    delete window.endWalk;
    if (!isAround && all.length > 1) wrong.push(`the focus does not come around: it is at ${called(document.activeElement)}`);
    for (const it of all) {
      if (!reached.some((other) => other === it || isOneOf(it, other))) wrong.push(`${called(it)} is not reached`);
    }
    if (before === document.body) document.activeElement.blur(); else before.focus({ preventScroll: true });
    scrollTo(x, y);
    return wrong;
  };
  // From the top of the page, wherever the focus was.
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute("tabindex");
  addEventListener("focusin", at);
  // A date and a time have several stops each.
  return all.length + 6 * all.filter((it) => /^(date|time|month|week)$/.test(it.type)).length + 8;
}

/** The routes of pages: everybody's, and those of the table of who may see what. */
const PUBLIC = ["", "/figures/{return}", "/services", "/hotlines"].map((path) => `/public${path}`);
const TABLE = readFileSync(new URL("../console.csv", import.meta.url), "utf8");
const ROUTES = TABLE.trim().split("\n").slice(1).map((line) => line.split(","))
  .filter(([method, path]) => method === "GET" && !NO_PAGES.includes(path)).map(([, path]) => path)
  .concat(PUBLIC);

/** At which route a window is, in which language, and how the same page in the other is called. */
function placeOf(page) {
  const { origin, pathname, search } = new URL(page.url());
  const [, area = "", lang, rest = ""] = pathname.match(/^(\/public)?\/(en|fr)(\/.*)?$/) ?? [];
  const path = `${area}${rest}`;
  // A name in the path of another route is no id: `/cases/add` is no case.
  const fits = (route) => {
    const [wanted, parts] = [route.split("/"), path.split("/")];
    return wanted.length === parts.length && wanted.every((it, at) => it === parts[at] || (it.startsWith("{") && !ROUTES.includes(path)));
  };
  const as = (other) => `${origin}${area}/${other}${rest}${search}`;
  return { route: lang && ROUTES.find(fits), lang, as };
}

/** What is missing for every page to have been looked at in both languages and three widths, and by axe in two of them.
 * `looked` and `axed` are rows of the sets of a `World`. */
export function missed(looked, axed) {
  const missing = (seen, widths, who) => ROUTES
    .flatMap((route) => ["en", "fr"].flatMap((lang) => widths.map((width) => `${route} ${lang} ${width}`)))
    .filter((it) => !seen.includes(it)).map((it) => `${who} looked at ${it}`);
  return [...missing(looked, [1200, 390, 320], "nobody"), ...missing(axed, [1200, 390], "axe has not")];
}
