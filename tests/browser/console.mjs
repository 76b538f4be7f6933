// The console in a real browser: first run, sign-in, pages in both languages and two widths.
//
// Started with the program, a folder for the node, and a folder for pictures. Fails on any finding of
// axe, any message of the browser, and any request to anywhere else.
import { createRequire } from "node:module";
import { execFileSync, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const require = createRequire(join(process.env.ENTENTE_NODE_MODULES ?? "node_modules", "x.js"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const [program, folder, pictures] = process.argv.slice(2);
const home = join(folder, "node");
const failures = [];
const check = (ok, what) => { if (!ok) failures.push(what); };
const cli = (...args) => execFileSync(program, ["--home", home, ...args], { encoding: "utf8" });
const json = (...args) => JSON.parse(cli("--json", ...args));

/** The code of an app, RFC 6238. A step is used once, so a second code is that of the next step. */
let lastStep = 0;
function code(secret) {
  const bits = [...secret.replace(/\s/g, "")].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Math.max(Math.floor(Date.now() / 30000), lastStep + 1);
  lastStep = step;
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const hash = createHmac("sha1", key).update(counter).digest();
  const at = hash[hash.length - 1] & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, "0");
}

async function start() {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  mkdirSync(pictures, { recursive: true });
  const pass = join(folder, "passphrase");
  writeFileSync(pass, "five random words stand here\n");
  cli("node", "init", "--name-en", "Harbour House", "--name-fr", "Maison du Havre", "--type", "ngo",
    "--listen", "127.0.0.1:0", "--passphrase-file", pass);
  const settings = join(home, "entente.toml");
  writeFileSync(settings, readFileSync(settings, "utf8").replace("127.0.0.1:8443", "127.0.0.1:0"));
  const node = spawn(program, ["--home", home, "--json", "node", "run", "--passphrase-file", pass]);
  const up = await new Promise((resolve, reject) => {
    let text = "";
    node.stdout.on("data", (part) => { text += part; if (text.includes("\n")) resolve(JSON.parse(text.split("\n")[0])); });
    node.on("exit", () => reject(new Error("the node did not start")));
  });
  return { node, origin: up.console };
}

/** Somebody to look at: a few made-up cases. */
function cases() {
  const one = (...fields) => cli("record", "add", ...fields);
  one("status=actual", "gender=woman", "age_at_registration=19", "province_of_exploitation=35", "exploitation=sexual");
  one("status=possible", "gender=man", "age_at_registration=34", "province_of_exploitation=24", "exploitation=forced_labour");
  one("status=possible", "gender=woman", "age_at_registration=16", "province_of_exploitation=59", "exploitation=sexual");
}

async function look(page, name, { picture = true } = {}) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  for (const it of found.violations) {
    check(false, `${name}: ${it.id}: ${it.help}: ${it.nodes.map((node) => node.target.join(" ")).join("; ")}`);
  }
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(sideways <= 0, `${name}: ${sideways} px wider than the window`);
  if (picture) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: false });
}

async function main() {
  const { node, origin } = await start();
  const browser = await chromium.launch({
    executablePath: process.env.ENTENTE_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1200, height: 820 } });
    const page = await context.newPage();
    let leaving = false;
    page.on("request", (request) => { if (!leaving && !request.url().startsWith(origin)) check(false, `a request to ${request.url()}`); });
      page.on("console", (message) => { if (["error", "warning"].includes(message.type()) && !/status of (404|422)/.test(message.text())) check(false, `the browser says: ${message.text()}`); });
    page.on("pageerror", (error) => check(false, `a script failed: ${error}`));

    // First run.
    await page.goto(json("console", "link").link);
    await page.goto(page.url().replace("/en/", "/fr/"));
    await look(page, "join-fr", { picture: false });
    await page.goto(page.url().replace("/fr/", "/en/"));
    await look(page, "join-en");
    await page.fill("#display", "Léa Tremblay");
    await page.fill("#name", "lea");
    await page.fill("#password", "password1234");
    const secret = (await page.textContent("p > .code")).trim();
    await page.fill("#code", code(secret));
    await page.click("main form button");
    check((await page.textContent(".summary")).includes("ENT-2707"), "a weak password was taken");
    check(await page.evaluate(() => document.activeElement.matches("[data-summary]")), "the summary has no focus");
    await look(page, "join-error", { picture: false });
    await page.fill("#password", "lanterne violon maple river");
    lastStep -= 1;
    await page.fill("#code", code(secret));
    await page.click("main form button");
    check((await page.locator(".codes li").count()) === 10, "there are not ten recovery codes");
    await look(page, "recovery-en", { picture: false });
    cli("user", "roles", "lea", "administrator", "case_worker", "supervisor", "privacy_officer", "coordinator", "auditor");
    cases();
    await page.click("text=I have kept them");
    await look(page, "home-en");

    // Out, and in again.
    await page.click("text=Sign out");
    await look(page, "sign-in-en");
    await page.fill("#name", "LEA ");
    await page.fill("#password", "wrong");
    await page.fill("#code", "000000");
    await page.click("main form button");
    await look(page, "sign-in-error");
    await page.fill("#password", "lanterne violon maple river");
    await page.fill("#code", code(secret));
    await page.click("main form button");
    check(new URL(page.url()).pathname === "/en/home", `after signing in the page is ${page.url()}`);

    const person = json("user", "add", "omar", "--display", "Omar Haddad", "--role", "case_worker").user.id;
    for (const lang of ["en", "fr"]) {
      for (const [name, path, picture] of [
        ["home", "/home", true], ["cases", "/cases", true], ["people", "/people", lang === "fr"],
        ["people-add", "/people/add", false], ["person", `/people/${person}`, lang === "en"],
        ["account", "/account", false], ["confirm", "/confirm?to=/people", false],
        ["notices", "/licences", false], ["not-there", "/nothing", false],
      ]) {
        await page.goto(`${origin}/${lang}${path}`);
        await look(page, `${name}-${lang}`, { picture });
      }
    }

    // The first page of a new browser: how much is loaded.
    const fresh = await browser.newContext({ ignoreHTTPSErrors: true });
    const first = await fresh.newPage();
    let loaded = 0;
    first.on("response", async (response) => { loaded += (await response.body().catch(() => "")).length; });
    await first.goto(`${origin}/fr/sign-in`, { waitUntil: "networkidle" });
    check(loaded > 0 && loaded < 200_000, `the first page loads ${loaded} bytes`);
    await fresh.close();

    // Without scripts.
    const plain = await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: false });
    await plain.addCookies(await context.cookies());
    const still = await plain.newPage();
    await still.goto(`${origin}/en/cases`);
    await still.selectOption("#status", "actual");
    await still.click("main form button");
    check((await still.locator("tbody tr").count()) === 1, "the filter does not work without scripts");
    await still.click("text=Français");
    check(new URL(still.url()).pathname === "/fr/cases" && still.url().includes("status=actual"), "the other language is another page");
    await plain.close();

    // Narrow screens, and the narrowest that text has to fit: 320 px.
    await page.setViewportSize({ width: 390, height: 844 });
    for (const path of ["home", "cases"]) {
      await page.goto(`${origin}/fr/${path}`);
      await look(page, `${path}-fr-390`);
    }
    await page.setViewportSize({ width: 320, height: 640 });
    for (const path of ["home", "cases", "people", "account", "sign-in"]) {
      await page.goto(`${origin}/fr/${path}`);
      await look(page, `${path}-fr-320`, { picture: false });
    }

    // The keyboard: the first stop leads to the content.
    await page.setViewportSize({ width: 1200, height: 820 });
    await page.goto(`${origin}/en/cases`);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    check(await page.evaluate(() => location.hash === "#main"), "the first Tab is no way to the content");

    // Leaving quickly ends the session. The page that it leads to is not loaded here.
    await page.route("https://weather.gc.ca/**", (route) => route.fulfill({ body: "weather" }));
    leaving = true;
    await page.click("text=Leave quickly");
    await page.waitForURL("https://weather.gc.ca/**");
    await page.goto(`${origin}/en/home`);
    check(new URL(page.url()).pathname === "/en/sign-in", "the session outlived leaving");
  } finally {
    await browser.close();
    node.kill("SIGTERM");
  }
}

await main();
for (const failure of failures) console.error(`✗ ${failure}`);
console.log(failures.length === 0 ? "the console is well" : `${failures.length} findings`);
process.exit(failures.length === 0 ? 0 : 1);
