// Accounts: somebody is added, joins by the link once, gets other roles and is put out; a screen that is left alone; and
// every way of leaving quickly.
import { PASSWORD, code, freePort } from "../world.mjs";

const path = (page) => new URL(page.url()).pathname;

/** Leaving leads away from here. Where to is not loaded. */
async function leaves(page, act) {
  page.elsewhere = true;
  await page.route("https://weather.gc.ca/**", (route) => route.fulfill({ body: "weather" }));
  await act();
  await page.waitForURL("https://weather.gc.ca/**");
}

/** Checks that the session is over. The page is left before the node has answered. */
async function isOut(world, page, house, what) {
  for (let tries = 0; tries < 50 && path(page) !== "/en/sign-in"; tries += 1) await page.goto(`${house.origin}/en/home`);
  world.check(path(page) === "/en/sign-in", `the session outlived ${what}`);
}

async function signIn(page, house, name, secret) {
  await page.goto(`${house.origin}/en/sign-in`);
  await page.fill("#name", name);
  await page.fill("#password", PASSWORD);
  await page.fill("#code", code(secret));
  await page.click("main form button");
}

/** Omar is added, uses the link in a window of his own, and is put out of it twice. */
async function managed(world, house, page) {
  await page.goto(`${house.origin}/en/people`);
  await page.click("text=Add an account");
  await page.fill("#display", "Omar <b>Haddad</b>");
  await page.fill("#name", "ines");
  await page.check("input[name=role][value=case_worker]");
  await page.click("main form button");
  world.check((await page.textContent(".summary")).includes("ENT-2706"), "a name was given twice");
  world.check(await page.isChecked("input[name=role][value=case_worker]"), "what was ticked is forgotten");
  await world.look(page, "people-add-wrong", { picture: false });
  await page.fill("#name", "omar");
  await page.click("main form button");
  const link = await page.textContent("#link");
  await world.look(page, "people-link", { picture: false });

  const omar = await world.window(house);
  await omar.goto(link);
  await world.look(omar, "join-account", { picture: false });
  await omar.fill("#password", PASSWORD);
  const secret = (await omar.textContent("p > .code")).trim();
  await omar.fill("#code", code(secret));
  await omar.click("main form button");
  await world.look(omar, "recovery-account", { picture: false });
  await omar.click("text=I have kept them");
  const menu = () => omar.locator("nav.bar a").evaluateAll((links) => links.map((it) => it.getAttribute("href")));
  world.check((await menu()).includes("/en/cases") && !(await menu()).includes("/en/audit"), `a case worker is led to ${await menu()}`);
  const second = await world.window(house);
  await second.goto(link);
  world.check((await second.textContent("main")).includes("ENT-2704") && (await second.locator("#password").count()) === 0, "a link was good twice");
  await world.look(second, "join-over", { picture: false, other: false });
  await second.context().close();

  // Other roles: at the next page, and the session goes on.
  await page.goto(`${house.origin}/en/people`);
  await page.click("tbody a:has-text('Omar')");
  const { pathname: his } = new URL(page.url());
  await page.uncheck("input[name=role][value=case_worker]");
  await page.check("input[name=role][value=auditor]");
  await page.click("text=Save the roles");
  world.check(path(page) === his && (await page.isChecked("input[name=role][value=auditor]")), "the roles were not changed");
  await omar.goto(`${house.origin}/en/home`);
  world.check((await menu()).includes("/en/audit") && !(await menu()).includes("/en/cases"), `an auditor is led to ${await menu()}`);

  // His sessions end: he is at the sign-in at his next step, and may come back.
  await page.click("text=End all their sessions");
  world.check((await page.locator("text=End all their sessions").count()) === 0, "sessions are left");
  await omar.click("nav.bar a[href='/en/audit']");
  world.check(path(omar) === "/en/sign-in", `without a session the page is ${omar.url()}`);
  await signIn(omar, house, "omar", secret);
  world.check(path(omar) === "/en/audit" || path(omar) === "/en/home", `after signing in again the page is ${omar.url()}`);

  // The account is disabled: out at the next step, and not in again; then enabled.
  await page.goto(`${house.origin}${his}`);
  await page.click("text=Disable the account");
  await page.click("main form button.danger");
  world.check((await page.textContent("main")).includes("This account is disabled"), "the account is not disabled");
  await world.look(page, "person-disabled", { picture: false });
  await omar.click("nav.bar a[href='/en/audit']");
  world.check(path(omar) === "/en/sign-in", `a disabled account is at ${omar.url()}`);
  await page.click("text=Enable the account again");
  world.check(!(await page.textContent("main")).includes("This account is disabled"), "the account is not enabled");

  // A new link: what he had opens nothing more.
  await page.click("text=Make a new link");
  await page.click("main form button.danger");
  world.check((await page.textContent("#link")) !== link, "the new link is the old one");
  await page.goto(`${house.origin}${his}`);
  world.check((await page.textContent("dl.facts")).includes("the link was not used"), "the password of before is still there");
  await omar.context().close();
}

/** A screen that is left alone asks, in both languages and on narrow screens; goes on when it is told to; and ends. */
async function alone(world, house, page) {
  // In a browser of its own: a clock is that of all windows of one.
  const left = await world.window(house, { storageState: await page.context().storageState() });
  await left.clock.install();
  for (const [lang, width] of [["en", 1200], ["fr", 390], ["fr", 320], ["en", 1200]]) {
    await left.setViewportSize({ width, height: 820 });
    await left.goto(`${house.origin}/${lang}/people/add`);
    await left.fill("#display", "Zoe Exemple");
    await left.clock.fastForward("18:30");
    await left.waitForSelector("dialog[open]");
    await (width < 1200 ? world.look(left, `idle-${lang}-${width}`, { picture: false }) : world.axe(left, `idle-${lang}`));
    world.check(await left.evaluate(() => document.activeElement.matches("dialog button[data-stay]")), "the question has no focus");
    await Promise.all([left.waitForResponse(/\/stay$/), left.click("dialog[open] button")]);
    // Later than the end that was announced.
    await left.clock.fastForward("05:00");
    world.check(path(left) === `/${lang}/people/add` && (await left.inputValue("#display")) === "Zoe Exemple", "who stayed lost the page");
    world.check(!(await left.locator("dialog[open]").count()) && !(await left.evaluate(() => document.documentElement.hidden)), "who stayed is still asked");
  }

  // Nobody answers, and nobody uses the session elsewhere.
  await page.click("text=Sign out");
  for (let minute = 0; minute < 40 && path(left) !== "/en/locked"; minute += 1) {
    await left.clock.fastForward("01:00");
    await left.waitForTimeout(100);
  }
  await left.waitForURL("**/en/locked?**");
  world.check((await left.locator("#password").count()) === 1 && !(await left.content()).includes("Zoe"), "what was typed stands on the blank screen");
  await left.context().close();
}

/** Escape three times; the button without scripts; the link of the public site. */
async function leaving(world, house, open) {
  const lea = await world.person(house, "lea", ["case_worker"]);
  const still = await world.plain(house, lea.page);
  await still.goto(`${house.origin}/en/cases`);
  await leaves(still, () => still.click("text=Leave quickly"));
  await isOut(world, lea.page, house, "leaving without scripts");

  const omar = await world.person(house, "noor", ["case_worker"]);
  await omar.page.goto(`${house.origin}/en/cases/search`);
  await omar.page.focus("#text");
  await omar.page.keyboard.press("Escape");
  await omar.page.keyboard.press("Escape");
  world.check(path(omar.page) === "/en/cases/search", "two presses were enough");
  await leaves(omar.page, () => omar.page.keyboard.press("Escape"));
  await isOut(world, omar.page, house, "Escape three times");

  const marc = await world.person(house, "marc", ["case_worker"]);
  await leaves(marc.page, () => marc.page.click("text=Leave quickly"));
  await isOut(world, marc.page, house, "the button");

  // Everybody's pages have no scripts and no session: a link is enough, and says nothing of where somebody was.
  const everybody = await world.window({ origin: open }, { javaScriptEnabled: false });
  for (const [lang, words] of [["en", "Leave quickly"], ["fr", "Quitter rapidement"]]) {
    await everybody.goto(`${open}/public/${lang}/services`);
    const [asked] = await Promise.all([everybody.waitForRequest("https://weather.gc.ca/**"), leaves(everybody, () => everybody.click(`text=${words}`))]);
    world.check((await asked.allHeaders()).referer === undefined, "where somebody was is told to whom they leave to");
  }
}

export async function accounts(world) {
  const port = await freePort();
  const settings = (text) => text.replace('[public]\nlisten = ""', `[public]\nlisten = "127.0.0.1:${port}"`);
  const house = await world.house("accounts", { settings });
  const { page } = await world.person(house, "ines", ["administrator"], { display: "Inès Roy" });
  await managed(world, house, page);
  await alone(world, house, page);
  await leaving(world, house, `https://127.0.0.1:${port}`);
}
