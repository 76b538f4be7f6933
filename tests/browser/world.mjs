// What every journey through the console needs: nodes as they are run, a browser, and eyes.
//
// A journey gets a `World`. It opens houses (a node with its console), signs people in, and looks at pages:
// axe, sideways scrolling, a picture. Whatever the browser says, and every request to anywhere else, is a finding.
import { createRequire } from "node:module";
import { execFileSync, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
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
  constructor(program, folder, pictures) {
    Object.assign(this, { program, folder, pictures, failures: [], houses: [] });
    // Rows of a route, a language and a width, as text; and how tall the picture of a page is that was kept.
    Object.assign(this, { looked: new Set(), tallest: new Map(), watched: new WeakMap() });
    for (const needed of [folder, join(pictures, "pages")]) mkdirSync(needed, { recursive: true });
  }

  async open() {
    this.browser = await chromium.launch({
      executablePath: process.env.ENTENTE_CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    });
  }

  async close() {
    await this.browser.close();
    for (const house of this.houses) house.node?.kill("SIGTERM");
  }

  /** Writes down what is not as it should be, and goes on. */
  check(ok, what) { if (!ok) this.failures.push(what); }

  /** A new organization whose node runs. `settings` changes the text of entente.toml. */
  async house(name, { en = "Harbour House", fr = "Maison du Havre", type = "ngo", settings = (text) => text } = {}) {
    const house = new House(this.program, join(this.folder, name));
    house.pass = join(this.folder, `${name}.passphrase`);
    writeFileSync(house.pass, "five random words stand here\n");
    house.cli("node", "init", "--name-en", en, "--name-fr", fr, "--type", type, "--listen", "127.0.0.1:0", "--passphrase-file", house.pass);
    const file = join(house.home, "entente.toml");
    writeFileSync(file, settings(readFileSync(file, "utf8").replace("127.0.0.1:8443", "127.0.0.1:0").replace("settled_days = 7", "settled_days = 0")));
    this.houses.push(house);
    await house.run();
    return house;
  }

  /** A browser window of its own. What it says, and where it asks, is watched; `also` are origins that are not ours. */
  async window(house, { also = [], ...options } = {}) {
    const context = await this.browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1200, height: 820 }, ...options });
    this.watched.set(context, [house.origin, ...also]);
    return this.tab(context);
  }

  async tab(context) {
    const page = await context.newPage();
    page.elsewhere = false;
    const ours = this.watched.get(context);
    page.on("request", (request) => { if (ours && !page.elsewhere && !ours.some((it) => request.url().startsWith(it)) && !/^(data|blob):/.test(request.url())) this.check(false, `a request to ${request.url()}`); });
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

  /** Lets axe look at a page, looks for sideways scrolling in three widths, and keeps a picture. */
  async look(page, name, { picture = true, whole = false } = {}) {
    await this.axe(page, name);
    await this.fits(page, name);
    if (picture) await page.screenshot({ path: join(this.pictures, `${name}.png`), fullPage: whole });
    const size = page.viewportSize();
    if (size.width < 1200) return;
    // What is shown wide is also shown narrow, whatever has been typed and opened by then.
    for (const width of [390, 320]) {
      await page.setViewportSize({ width, height: 844 });
      await this.fits(page, `${name} at ${width} px`);
    }
    await page.setViewportSize(size);
    await this.inBoth(page);
  }

  async axe(page, name) {
    await page.evaluate(axe);
    const found = await page.evaluate((tags) => axe.run(document, { runOnly: tags }), TAGS);
    for (const it of found.violations) {
      this.check(false, `${name}: ${it.id}: ${it.help}: ${it.nodes.map((node) => node.target.join(" ")).join("; ")}`);
    }
  }

  /** Looks at the same page in the language in which nobody has looked at its route yet. */
  async inBoth(page) {
    const { route, as } = placeOf(page);
    for (const lang of ["en", "fr"]) {
      if (!route || this.looked.has(`${route} ${lang} 1200`)) continue;
      const tab = await this.tab(page.context());
      tab.elsewhere = page.elsewhere;
      await tab.goto(as(lang));
      // Who is sent elsewhere has not seen the page.
      for (const width of placeOf(tab).route === route ? [1200, 390, 320] : []) {
        await tab.setViewportSize({ width, height: 844 });
        if (width !== 320) await this.axe(tab, `${route} in ${lang} at ${width} px`);
        await this.fits(tab, `${route} in ${lang} at ${width} px`);
      }
      await tab.close();
    }
  }

  /** Nothing is wider than the window. */
  async fits(page, name) {
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
    if (height <= (this.tallest.get(`${route} ${lang}`) ?? 0)) return;
    this.tallest.set(`${route} ${lang}`, height);
    const file = route.slice(1).replaceAll("/", "-").replace(/[{}]/g, "") || "home";
    await page.screenshot({ path: join(this.pictures, "pages", `${file}-${lang}.png`), fullPage: true });
  }

  /** Looks at pages in both languages, at 1,200, 390 and 320 px. `pages` has rows of name and path; pictures are kept of `pictured` names. */
  async tour(page, house, pages, pictured = []) {
    for (const [width, height] of [[1200, 820], [390, 844], [320, 640]]) {
      await page.setViewportSize({ width, height });
      for (const lang of width === 320 ? ["fr"] : ["en", "fr"]) {
        for (const [name, path] of pages) {
          await page.goto(`${house.origin}/${lang}${path}`);
          const full = width === 1200 ? `${name}-${lang}` : `${name}-${lang}-${width}`;
          await this.look(page, full, { picture: pictured.includes(full) });
        }
      }
    }
    await page.setViewportSize({ width: 1200, height: 820 });
  }
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

/** What is missing for every page to have been looked at in both languages and three widths. `looked` are rows of `World.looked`. */
export function missed(looked) {
  const all = ROUTES.flatMap((route) => ["en", "fr"].flatMap((lang) => [1200, 390, 320].map((width) => `${route} ${lang} ${width}`)));
  return all.filter((it) => !looked.includes(it)).map((it) => `nobody looked at ${it}`);
}
