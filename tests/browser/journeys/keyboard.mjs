// The work of a day, between two organizations: signing in, the check by phone, an agreement, a referral and what is handed
// over, a name revealed, a file imported, a proof, leaving. Once by keyboard alone, once without scripts on a telephone.
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { Keyboard, Plain } from "../hands.mjs";
import { ALL_ROLES, PASSWORD, code, ended } from "../world.mjs";

const OWN = "five quiet herons by the river";
const path = (page) => new URL(page.url()).pathname;
/** What stands there, with plain spaces. */
const text = async (page, where = "main") => (await page.textContent(where)).replace(/\u00a0/g, " ");

/** Somebody joins, goes, and comes in again by name, password and code. Gives the hands, with a recovery code. */
async function comesIn(world, Hands, house, name) {
  const page = await world.window(house, Hands.options);
  const at = new Hands(page, world);
  const { link } = house.json("user", "add", name, "--display", name, ...ALL_ROLES.flatMap((role) => ["--role", role]));
  await page.goto(link);
  await at.type("password", PASSWORD);
  const secret = (await text(page, "p > .code")).trim();
  await at.type("code", code(secret));
  await at.press("Finish");
  at.recovery = (await text(page, ".codes li")).trim();
  await at.press("I have kept them");
  await at.press("Sign out");
  await at.look("sign-in");
  await at.type("name", name);
  await at.type("password", PASSWORD);
  await at.type("code", code(secret));
  await at.press("Sign in");
  world.check(path(page) === "/en/home", `after signing in the page is ${page.url()}`);
  return at;
}

/** Goes to a page again and again until it says something. */
async function until(page, address, words) {
  for (let tries = 0; tries < 60; tries += 1) {
    await page.goto(address);
    if ((await text(page)).includes(words)) return;
    await page.waitForTimeout(250);
  }
  throw new Error(`${address} does not say: ${words}`);
}

async function work(world, Hands) {
  const shelter = await world.house("shelter");
  const office = await world.house("office", { en: "Prairie Office", fr: "Bureau des Prairies", type: "provincial" });
  const [lea, omar] = [await comesIn(world, Hands, shelter, "lea"), await comesIn(world, Hands, office, "omar")];
  const on = (house, to) => `${house.origin}/en${to}`;

  // The check by phone: each types what the other reads.
  const { link } = shelter.json("partner", "invite", office.en, "--out", join(world.folder, "invitation.entente"));
  office.json("partner", "open", link);
  const sides = [[lea, shelter, office], [omar, office, shelter]];
  for (const [at, , other] of sides) {
    await at.press("Partners");
    await at.press(other.en);
    await at.press("Check by phone");
  }
  const read = await Promise.all([lea, omar].map(async ({ page }) => (await page.locator(".digits span").allTextContents()).join("")));
  await lea.look("check");
  for (const [n, at] of [lea, omar].entries()) {
    await at.type("digits", read[1 - n]);
    await at.press("Check");
  }
  world.check((await text(omar.page)).includes("Both sides are sure of each other"), "the check by phone does not end");

  // The agreement: both read what it opens, and sign.
  const draft = join(world.folder, "agreement.toml");
  shelter.cli("agreement", "draft", "ngo-province", office.en, "--out", draft);
  shelter.cli("agreement", "propose", draft, office.en);
  for (const [at, house, other] of [sides[1], sides[0]]) {
    house.cli("sync", other.en);
    await at.press("Partners");
    await at.press(other.en);
    await at.press("Read the agreement");
    await at.press("Read what changes, then sign");
    await at.look("sign");
    await at.press("Sign");
  }
  world.check((await text(lea.page, "main .tag")).includes("in force"), `two signatures are not enough: ${await text(lea.page, "main .tag")}`);
  office.cli("sync", shelter.en);

  // Who may open contact details over there.
  await omar.page.goto(on(office, "/openers"));
  await omar.type("name", "Omar");
  await omar.type("passphrase", OWN);
  await omar.type("again", OWN);
  await omar.press("Add this person");
  world.check((await text(omar.page, "tbody")).includes("Omar"), "there is no opener");
  shelter.cli("sync", office.en);

  // A referral: made, offered, accepted.
  const { record } = shelter.json("record", "add", "status=actual", "gender=woman", "age_at_registration=30", "province_of_exploitation=46", "exploitation=sexual", "needs=emergency_housing", "name_last=Exemple-Tremblay");
  shelter.cli("consent", "give", record, "--scope", "referral_need", "--informed", "--by", "self");
  await lea.page.goto(on(shelter, `/referrals/add?case=${record}`));
  const need = await lea.page.locator("#need-1 option[value=emergency_housing]").textContent();
  await lea.choose("need-1", need);
  await lea.pick("urgency", "3h");
  await lea.look("referral");
  await lea.press("Check the answers");
  await lea.press("Make the referral");
  const asked = path(lea.page).replace("/en", "");
  world.check(/^\/referrals\/[0-9a-f]{32}$/.test(asked), `after making a referral the page is ${lea.page.url()}`);
  await lea.press("Ask Prairie Office");
  await until(omar.page, on(office, asked), "Accept");
  await omar.look("offered");
  await omar.press("Accept");

  // The contact details: handed over, and opened.
  await until(lea.page, on(shelter, asked), "Hand over the contact details");
  await lea.press("Hand over the contact details");
  await lea.type("name", "Zoé Exemple");
  await lea.type("phone1", "204-555-0143");
  await lea.look("contact");
  await lea.press("Check the answers");
  await lea.press("Seal it and hand it over");
  await until(omar.page, on(office, asked), "Open the contact details");
  await omar.press("Open the contact details");
  await omar.type("passphrase", OWN);
  await omar.look("open");
  await omar.press("Open");
  const opened = await text(omar.page);
  for (const words of ["Zoé Exemple", "204-555-0143", "leave no message"]) world.check(opened.includes(words), `what was opened lacks: ${words}`);
  await omar.look("opened");
  await omar.press("Done: hide it");

  // A name, revealed.
  await lea.page.goto(on(shelter, `/cases/${record}`));
  world.check(!(await text(lea.page)).includes("Exemple-Tremblay"), "a name is not masked");
  await lea.press("Reveal");
  world.check((await text(lea.page)).includes("Exemple-Tremblay"), "a name is not revealed");
  await lea.look("revealed");

  // A file of cases.
  const file = join(world.folder, "cases.csv");
  writeFileSync(file, "external_ref,status,gender,registered_on,exploitation\nP-1,actual,woman,2026-02-03,sexual\nP-2,possible,man,2026-02-04,forced_labour\n");
  await lea.page.goto(on(shelter, "/cases/import"));
  await lea.give("file", file);
  await lea.press("See what would happen");
  await lea.look("preview");
  await lea.press("Import");
  await ended(lea.page);
  world.check(/2\s*new cases/.test(await text(lea.page)), `the import says ${await text(lea.page)}`);
  await lea.look("imported");

  // A proof, by one of the codes on paper.
  await lea.page.goto(on(shelter, "/confirm?to=/account"));
  await lea.look("confirm");
  await lea.type("password", PASSWORD);
  await lea.type("code", lea.recovery);
  await lea.press("Confirm");
  world.check(path(lea.page) === "/en/account", `after the proof the page is ${lea.page.url()}`);

  // Away.
  for (const [at, house] of sides) {
    at.page.elsewhere = true;
    await at.page.route("https://weather.gc.ca/**", (route) => route.fulfill({ body: "weather" }));
    await at.leave();
    await at.page.waitForURL("https://weather.gc.ca/**");
    for (let tries = 0; tries < 50 && path(at.page) !== "/en/sign-in"; tries += 1) await at.page.goto(on(house, "/home"));
    world.check(path(at.page) === "/en/sign-in", "the session outlived leaving");
  }
}

export const keyboard = (world) => work(world, Keyboard);
export const plain = (world) => work(world, Plain);
