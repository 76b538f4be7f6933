// The shell: first run, signing in and out, both languages, narrow screens, the keyboard, no scripts.
import { ALL_ROLES, PASSWORD, code } from "../world.mjs";

/** Somebody to look at: a few made-up cases. */
function cases(house) {
  const one = (...fields) => house.cli("record", "add", ...fields);
  one("status=actual", "gender=woman", "age_at_registration=19", "province_of_exploitation=35", "exploitation=sexual");
  one("status=possible", "gender=man", "age_at_registration=34", "province_of_exploitation=24", "exploitation=forced_labour");
  one("status=possible", "gender=woman", "age_at_registration=16", "province_of_exploitation=59", "exploitation=sexual");
}

export async function shell(world) {
  const house = await world.house("shell");
  const page = await world.window(house);

  // First run.
  await page.goto(house.json("console", "link").link);
  await page.goto(page.url().replace("/en/", "/fr/"));
  await world.look(page, "join-fr", { picture: false });
  await page.goto(page.url().replace("/fr/", "/en/"));
  await world.look(page, "join-en");
  await page.fill("#display", "Léa Tremblay");
  await page.fill("#name", "lea");
  await page.fill("#password", "password1234");
  const secret = (await page.textContent("p > .code")).trim();
  await page.fill("#code", code(secret));
  await page.click("main form button");
  world.check((await page.textContent(".summary")).includes("ENT-2707"), "a weak password was taken");
  world.check(await page.evaluate(() => document.activeElement.matches("[data-summary]")), "the summary has no focus");
  await world.look(page, "join-error", { picture: false });
  await page.fill("#password", PASSWORD);
  await page.fill("#code", code(secret, { again: true }));
  await page.click("main form button");
  world.check((await page.locator(".codes li").count()) === 10, "there are not ten recovery codes");
  await world.look(page, "recovery-en", { picture: false });
  house.cli("user", "roles", "lea", ...ALL_ROLES);
  cases(house);
  await page.click("text=I have kept them");
  await world.look(page, "home-en");

  // Out, and in again.
  await page.click("text=Sign out");
  await world.look(page, "sign-in-en");
  await page.goto(`${house.origin}/en/locked`);
  await world.look(page, "locked-en", { picture: false });
  await page.goto(`${house.origin}/en/sign-in`);
  await page.fill("#name", "LEA ");
  await page.fill("#password", "wrong");
  await page.fill("#code", "000000");
  await page.click("main form button");
  await world.look(page, "sign-in-error");
  await page.fill("#password", PASSWORD);
  await page.fill("#code", code(secret));
  await page.click("main form button");
  world.check(new URL(page.url()).pathname === "/en/home", `after signing in the page is ${page.url()}`);

  const person = house.json("user", "add", "omar", "--display", "Omar Haddad", "--role", "case_worker").user.id;
  for (const lang of ["en", "fr"]) {
    for (const [name, path, picture] of [
      ["home", "/home", true], ["cases", "/cases", true], ["people", "/people", lang === "fr"],
      ["people-add", "/people/add", false], ["person", `/people/${person}`, lang === "en"],
      ["person-disable", `/people/${person}/disable`, false], ["person-reset", `/people/${person}/reset`, false],
      ["account", "/account", false], ["confirm", "/confirm?to=/people", false],
      ["notices", "/licences", false], ["not-there", "/nothing", false],
    ]) {
      await page.goto(`${house.origin}/${lang}${path}`);
      await world.look(page, `${name}-${lang}`, { picture });
    }
  }

  // A page that was left alone while the session is in use: a way back, and no form to sign in.
  await page.goto(`${house.origin}/en/locked?to=/cases`);
  world.check((await page.locator("#password").count()) === 0, "a session that is open is said to have ended");
  await world.look(page, "locked-open-en", { picture: false });
  await page.click("main a.button");
  world.check(new URL(page.url()).pathname === "/en/cases", "there is no way back");

  // The first page of a new browser: how much is loaded.
  const first = await world.window(house);
  let loaded = 0;
  first.on("response", async (response) => { loaded += (await response.body().catch(() => "")).length; });
  await first.goto(`${house.origin}/fr/sign-in`, { waitUntil: "networkidle" });
  world.check(loaded > 0 && loaded < 200_000, `the first page loads ${loaded} bytes`);
  await first.context().close();

  // A form that is on its way says so, and is sent once.
  let [n_sent, free] = [0, null];
  const held = new Promise((done) => { free = done; });
  const hold = async (route) => { n_sent += 1; await held; await route.continue(); };
  await page.goto(`${house.origin}/en/cases/search`);
  await page.fill("#text", "Nobody");
  await page.route("**/en/cases/search", hold);
  const says = await page.evaluate(async () => {
    const form = document.querySelector("main form");
    const button = form.querySelector("button");
    for (let n = 0; n < 3; n += 1) form.requestSubmit(button);
    while (!button.disabled) await new Promise((done) => { setTimeout(done, 10); });
    return button.textContent;
  });
  world.check(says === "Working…", "the button does not say that it works");
  free();
  await page.waitForSelector("text=Nobody was found");
  world.check(n_sent === 1, `the form was sent ${n_sent} times`);
  await page.unroute("**/en/cases/search", hold);

  // Without scripts.
  const still = await world.plain(house, page);
  await still.goto(`${house.origin}/en/cases`);
  await world.look(still, "cases-plain-en", { picture: false });
  await still.selectOption("#status", "actual");
  await Promise.all([still.waitForURL(/status=actual/), still.click("main form button")]);
  world.check((await still.locator("tbody tr").count()) === 1, "the filter does not work without scripts");
  await still.click("text=Français");
  world.check(new URL(still.url()).pathname === "/fr/cases" && still.url().includes("status=actual"), "the other language is another page");
  await still.context().close();

  // Narrow screens.
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of ["home", "cases"]) {
    await page.goto(`${house.origin}/fr/${path}`);
    await world.look(page, `${path}-fr-390`);
  }

  // The keyboard: the first stop leads to the content.
  await page.setViewportSize({ width: 1200, height: 820 });
  await page.goto(`${house.origin}/en/cases`);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  world.check(await page.evaluate(() => location.hash === "#main"), "the first Tab is no way to the content");

  // Typing is use of the session. A page that was left alone asks first, and stays while the session is in use elsewhere.
  const alone = await world.tab(page.context());
  await alone.clock.install();
  await alone.goto(`${house.origin}/en/people/add`);
  if (new URL(alone.url()).pathname === "/en/confirm") await world.confirm(alone, secret);
  await alone.fill("#display", "Zoe");
  await alone.clock.fastForward("02:00");
  await Promise.all([alone.waitForResponse(/\/en\/stay$/), alone.press("#display", "y")]);
  await alone.clock.fastForward("18:30");
  await alone.waitForSelector("dialog[open]");
  const [answer] = await Promise.all([alone.waitForResponse(/\/en\/locked$/), alone.clock.fastForward("02:00")]);
  world.check(Number(await answer.text()) > 0, "a page that was left alone ended a session that is in use");
  await alone.waitForSelector("dialog", { state: "hidden" });
  world.check((await alone.inputValue("#display")).includes("y"), "what was typed is gone");
  await alone.close();
}
