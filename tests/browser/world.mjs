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
const NO_PAGES = ["/jobs/{job}/file", "/statistics/returns/{return}/{form}", "/referrals/{referral}/news", "/statistics/overlap/{round}/result",
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
    Object.assign(this, { program, folder, pictures, failures: [], houses: [], looked: new Map() });
    for (const needed of [folder, pictures]) mkdirSync(needed, { recursive: true });
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
    writeFileSync(file, settings(readFileSync(file, "utf8").replace("127.0.0.1:8443", "127.0.0.1:0")));
    this.houses.push(house);
    await house.run();
    return house;
  }

  /** A browser window of its own. What it says, and where it asks, is watched; `also` are origins that are not ours. */
  async window(house, { also = [], ...options } = {}) {
    const context = await this.browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1200, height: 820 }, ...options });
    const page = await context.newPage();
    page.elsewhere = false;
    page.on("request", (request) => { if (!page.elsewhere && ![house.origin, ...also].some((it) => request.url().startsWith(it)) && !/^(data|blob):/.test(request.url())) this.check(false, `a request to ${request.url()}`); });
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
  }

  /** Lets axe look at a page, looks for sideways scrolling, and keeps a picture. */
  async look(page, name, { picture = true, whole = false } = {}) {
    const { pathname } = new URL(page.url());
    const width = page.viewportSize()?.width;
    this.looked.set(pathname, (this.looked.get(pathname) ?? new Set()).add(width));
    await page.evaluate(axe);
    const found = await page.evaluate((tags) => axe.run(document, { runOnly: tags }), TAGS);
    for (const it of found.violations) {
      this.check(false, `${name}: ${it.id}: ${it.help}: ${it.nodes.map((node) => node.target.join(" ")).join("; ")}`);
    }
    await this.fits(page, name);
    if (picture) await page.screenshot({ path: join(this.pictures, `${name}.png`), fullPage: whole });
    if (width >= 1200) {
      // What is shown wide is also shown narrow, whatever has been typed and opened by then.
      const size = page.viewportSize();
      await page.setViewportSize({ width: 320, height: 640 });
      await this.fits(page, `${name} at 320 px`);
      this.looked.get(pathname).add(320);
      await page.setViewportSize(size);
    }
  }

  /** Nothing is wider than the window. */
  async fits(page, name) {
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    this.check(sideways <= 0, `${name}: ${sideways} px wider than the window`);
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

/**
 * What is missing for every page of the table of routes to have been looked at, in a wide and in the narrowest
 * window. `looked` has rows of a path and its widths.
 */
export function missed(table, looked) {
  const rows = table.trim().split("\n").slice(1).map((line) => line.split(","));
  const routes = rows.filter(([method, path]) => method === "GET" && !NO_PAGES.includes(path)).map(([, path]) => path);
  // A name in the path of another route is no id: `/cases/add` is no case.
  const fits = (route, path) => {
    const [wanted, parts] = [route.split("/"), path.split("/")];
    return wanted.length === parts.length && wanted.every((it, at) => it === parts[at] || (it.startsWith("{") && !routes.includes(path)));
  };
  return routes.flatMap((route) => {
    const widths = looked.filter(([path]) => fits(route, path.replace(/^\/(en|fr)(?=\/)/, ""))).flatMap(([, them]) => them);
    if (widths.length === 0) return [`nobody looked at ${route}`];
    return widths.includes(320) ? [] : [`nobody looked at ${route} at 320 px`];
  });
}
