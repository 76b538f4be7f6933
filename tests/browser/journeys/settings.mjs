// Settings and audit: the administrator looks after the node, the auditor looks at what was done, and two people do
// what takes two.
import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ended } from "../world.mjs";

const PASSPHRASE = "five random words stand here";
const HOSTILE = "Harbour <script>alert(1)</script> House";

/** Asks for an export on the command line, where it takes a second person: nothing happens yet. */
function askExport(world, house, file) {
  try {
    rmSync(file, { force: true });
    house.cli("record", "export", "--lang", "en", file);
    world.check(false, "an export that takes two happened at once");
  } catch (error) {
    world.check(error.status === 3 && `${error.stdout}${error.stderr}`.includes("ENT-2780"), `the export said ${error.stdout}${error.stderr}`);
  }
}

/** What was approved goes on in the background; its page says when it is done. */
async function approve(world, page, button, words) {
  await page.click(`text=${button}`);
  world.check(/\/jobs\/[0-9a-f-]{36}$/.test(page.url()), `what was approved leads to ${page.url()}`);
  await ended(page);
  const said = await page.textContent("main");
  world.check(said.includes(words), `what was approved says ${said.slice(0, 200)}`);
}

async function administrator(world, house) {
  const { page } = await world.person(house, "admin", ["administrator"], { display: "Inès Roy" });
  const go = (path, lang = "en") => page.goto(`${house.origin}/${lang}${path}`);

  await go("/settings");
  await page.click("main >> text=Organization");
  await page.click("text=Change the profile");
  await page.fill("#name_en", "  ");
  await page.click("main form button");
  world.check((await page.textContent(".summary")).includes("ENT-2792"), "an empty name was taken");
  await page.fill("#name_en", HOSTILE);
  await page.fill("#name_fr", "Maison « du Havre »");
  await page.check("#role input[value=protection]");
  await page.check("#languages input[value=fr]");
  await page.fill("#mandate_en", "Safe housing for women\nand <b>nothing</b> else");
  await page.click("main form button");
  world.check((await page.textContent(".summary")).includes("ENT-2832"), "a mandate in one language was taken");
  world.check(await page.isChecked("#role input[value=protection]"), "what was ticked is forgotten");
  await world.look(page, "settings-edit-wrong", { picture: false });
  await page.fill("#mandate_fr", "Un hébergement sûr pour femmes");
  await page.fill("#responsibilities_en", "Answers within a day");
  await page.fill("#responsibilities_fr", "Répond en un jour");
  await page.click("main form button");
  world.check((await page.textContent("main")).includes("Safe housing for women and <b>nothing</b> else"), "the mandate is not shown as one line of text");
  world.check(house.json("settings", "show").about.role[0] === "protection", "the role was not kept");
  world.check(new URL(page.url()).pathname === "/en/settings/organization", `after saving the page is ${page.url()}`);
  world.check((await page.textContent("main")).includes(HOSTILE), "the name is not shown as it was typed");
  world.check((await page.textContent("main")).includes("next start"), "nobody says that a restart is needed");
  world.check(readFileSync(join(house.home, "entente.toml"), "utf8").includes("Maison « du Havre »"), "the settings were not written");

  // The zone of the pages, and what takes two people: into the file, and into the log.
  await go("/settings/organization/edit");
  await page.fill("#time_zone", "Atlantis/Poseidonis");
  await page.click("main form button");
  world.check((await page.textContent(".summary")).includes("ENT-2847"), "a zone that is none was taken");
  await page.fill("#time_zone", "America/Winnipeg");
  await page.click("main form button");
  world.check((await page.textContent("main")).includes("America/Winnipeg"), "the zone was not kept");
  await go("/settings/approvals/edit");
  const box = (name) => `input[type=checkbox][value=${name}]`;
  world.check(await page.isChecked(box("record_export")) && await page.isDisabled(box("record_export")), "what takes two people is not ticked, or can be taken off");
  await page.check(box("agreement_sign"));
  await page.click("main form button");
  world.check(await page.isChecked(box("agreement_sign")) && await page.isChecked(box("record_export")), "what takes two people was not added");
  const two = () => house.json("settings", "show").written.needs_approval.join(" ");
  world.check(two() === "agreement_sign record_export", `the file says that ${two()} takes two people`);
  // Whoever sends less than the form holds takes nothing off.
  await page.locator("input[type=hidden][value=record_export]").evaluate((it) => it.remove());
  await page.click("main form button");
  world.check((await page.textContent("main")).includes("ENT-2847"), "one person took off what takes two");
  world.check(two() === "agreement_sign record_export", `the file now says that ${two()} takes two people`);
  await go("/settings/notifications/people");
  await page.fill("#address_1", "lea@example.org");
  await page.click("main form button");
  world.check((await page.textContent(".summary")).includes("ENT-2847"), "somebody is told of nothing, without a mail server");
  await world.look(page, "settings-notified-wrong", { picture: false });

  // A backup, and whether it opens.
  await go("/settings/backups");
  world.check((await page.textContent("main")).includes("no backup yet"), "a missing backup is not said");
  await page.click("text=Make a backup now");
  world.check(/\/en\/jobs\/[0-9a-f-]{36}$/.test(page.url()), `a backup leads to ${page.url()}`);
  await ended(page);
  world.check((await page.textContent("[role=status]")).includes("read back"), "the backup is not said to be made");
  await page.click("text=See all backups");
  world.check((await page.locator("tbody tr").count()) === 1, "the backup is not in the list");
  await page.click("text=Try to restore one");
  await page.fill("#passphrase", "not the passphrase");
  await page.click("main form button");
  world.check((await page.textContent(".summary")).includes("ENT-1101"), "a wrong passphrase opened a backup");
  await page.fill("#passphrase", PASSPHRASE);
  await page.click("main form button");
  world.check((await page.textContent(".note.good")).includes("restored"), "the drill found nothing");
  world.check(!existsSync(join(house.home, "drill")), "the drill left something behind");
  await world.look(page, "settings-drill-en");

  // The passphrase, and a message that goes nowhere.
  await go("/settings/passphrase", "fr");
  await page.fill("#old", PASSPHRASE);
  await page.fill("#new", "six other words stand here now");
  await page.fill("#again", "six other words stand here");
  await page.click("main form button");
  world.check((await page.textContent(".summary")).includes("ENT-2799"), "two ways of typing were taken");
  for (const [field, value] of [["old", PASSPHRASE], ["new", "six other words stand here now"], ["again", "six other words stand here now"]]) {
    await page.fill(`#${field}`, value);
  }
  await page.click("main form button");
  world.check((await page.textContent(".note.good")).includes("C’est fait"), "the passphrase was not changed");

  await world.tour(page, house, [
    ["settings", "/settings"], ["settings-organization", "/settings/organization"],
    ["settings-edit", "/settings/organization/edit"], ["settings-keys", "/settings/keys"],
    ["settings-passphrase", "/settings/passphrase"], ["settings-backups", "/settings/backups"],
    ["settings-drill", "/settings/backups/drill"], ["settings-notifications", "/settings/notifications"],
    ["settings-notified", "/settings/notifications/people"], ["settings-two", "/settings/approvals/edit"],
    ["settings-health", "/settings/health"],
  ], ["settings-fr"]);
}

async function auditor(world, house) {
  const { page } = await world.person(house, "vera", ["auditor"], { display: "Véra Côté" });
  const go = (path, lang = "en") => page.goto(`${house.origin}/${lang}${path}`);

  await go("/audit");
  world.check((await page.locator("tbody tr").count()) > 5, "the log is short");
  await page.fill("#by", "ADMIN");
  await page.selectOption("#action", "backup_made");
  await page.click("main form[role=search] button");
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 1, undefined, { timeout: 8000 }).catch(() => {});
  world.check((await page.locator("tbody tr").count()) === 1, "the filters find something else");
  await page.click("tbody a");
  world.check((await page.textContent("h1")) === "Backup made", "the entry is another one");
  await page.click("summary");
  await go("/audit?from=yesterday");
  world.check((await page.textContent(".summary")).includes("ENT-2791"), "a day that is none was taken");
  await go("/audit/999999");
  world.check((await page.textContent("main")).includes("ENT-2790"), "an entry that is not there has a page");
  await go("/audit");
  await page.click("text=Verify the log");
  world.check((await page.textContent(".note.good")).includes("nothing is missing"), "the log does not verify");

  // Taking it away: what is shown, in words, and all of it.
  await go("/audit?action=logged_in");
  const [shown] = await Promise.all([page.waitForEvent("download"), page.click("button:has-text('What the filters find')")]);
  const found = readFileSync(await shown.path(), "utf8").trim().split("\n");
  const others = found.slice(1).filter((line) => !line.includes("Session opened"));
  world.check(found.length > 1 && others.length === 0, `the file has something else: ${others}`);
  await go("/audit");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=Table (CSV)")]);
  const table = readFileSync(await download.path(), "utf8");
  world.check(table.startsWith("sequence,at,actor,") && table.includes("backup_made"), "the table is another one");
  world.check(/^entente-audit-\d{4}-\d\d-\d\d\.csv$/.test(download.suggestedFilename()), `the file is called ${download.suggestedFilename()}`);

  // The page for a person: the number travels in a form, in both languages.
  const record = house.json("record", "list").records[0].id;
  await go("/audit/disclosures");
  await page.fill("#record", "<b>nobody</b>");
  await page.click("main form button");
  world.check((await page.textContent(".summary")).includes("ENT-1401"), "a case that is not there has an account");
  await page.fill("#record", record);
  await page.click("main form button");
  world.check((await page.textContent("main")).includes("Nothing about you was given"), "the account says something else");
  world.check(!page.url().includes(record.slice(-8)), "the number of a person stands in the address");
  await page.click("main >> text=Français");
  world.check((await page.textContent("h1")).startsWith("Ce qui a été communiqué"), "the account is in one language");
  world.check(await page.locator("[data-print]").isVisible(), "there is no button to print");
  await world.look(page, "audit-person-fr", { picture: false });
  await page.emulateMedia({ media: "print" });
  world.check(!(await page.locator("nav.bar").isVisible()) && !(await page.locator("[data-print]").isVisible()), "the navigation is printed");
  await page.screenshot({ path: join(world.pictures, "audit-person-print-fr.png") });
  await page.emulateMedia({ media: "screen" });

  await world.tour(page, house, [
    ["audit", "/audit"], ["audit-filtered", "/audit?action=logged_in"], ["audit-entry", "/audit/2"],
    ["audit-verify", "/audit/verify"], ["audit-disclosures", "/audit/disclosures"], ["audit-approvals", "/settings/approvals?decided=true"],
  ], ["audit-en", "audit-verify-fr-390"]);
}

async function twoPeople(world, house) {
  const file = join(tmpdir(), "cases-november.csv");
  askExport(world, house, file);
  const lea = await world.person(house, "lea", ["supervisor"], { display: "Léa Tremblay" });
  const omar = await world.person(house, "omar", ["supervisor"], { display: "Omar Haddad", lang: "fr" });
  await lea.page.goto(`${house.origin}/en/settings/approvals`);
  world.check((await lea.page.textContent("main")).includes(file), "what is asked for is not shown");
  world.check(/omar, added on .* by/.test(await lea.page.textContent("main")), "who has a new account is not said");
  await world.look(lea.page, "settings-approvals-en");
  await omar.page.goto(`${house.origin}/fr/settings/approvals`);
  await world.look(omar.page, "settings-approvals-fr", { picture: false });
  world.check(!existsSync(file), "the export happened before anybody approved it");
  await approve(world, lea.page, "Approve: do it now", "approved and done");
  await world.look(lea.page, "settings-approved-en", { picture: false });
  world.check(existsSync(file), "the export did not happen");
  // The other window still shows it; it happens once.
  await omar.page.click("text=Approuver : le faire maintenant");
  world.check((await omar.page.textContent("main")).includes("ENT-2782"), "it was approved twice");

  // What lies in the folder of the node is taken by whoever asked, once; on the machine and at the console one name is one person.
  askExport(world, house, join(house.home, "cases.csv"));
  await lea.page.goto(`${house.origin}/en/settings/approvals`);
  const root = await world.person(house, "root", ["supervisor"], { display: "Ray Oort" });
  await root.page.goto(`${house.origin}/en/settings/approvals`);
  world.check((await root.page.locator("text=Approve: do it now").count()) === 0, "somebody could approve their own request");
  await approve(world, lea.page, "Approve: do it now", "approved and done");
  await lea.page.click("text=See the approvals");
  world.check((await lea.page.locator("text=Download the file").count()) === 0, "the second person could take the file");
  await root.page.goto(`${house.origin}/en/settings/approvals?decided=true`);
  const [download] = await Promise.all([root.page.waitForEvent("download"), root.page.click("text=Download the file")]);
  world.check(readFileSync(await download.path(), "utf8").split("\n").length > 2, "the file is empty");
  world.check(!existsSync(join(house.home, "cases.csv")), "the file was left behind");

  // Asked for in the browser: no work begins, and the page says whose turn it is.
  await lea.page.goto(`${house.origin}/en/cases/export`);
  if (new URL(lea.page.url()).pathname === "/en/confirm") await world.confirm(lea.page, lea.secret);
  await lea.page.check("input[value=csv]");
  await lea.page.check("input[name=reveal]");
  await lea.page.click("main form button");
  world.check((await lea.page.textContent("main")).includes("ENT-2780"), "an export that takes two was begun in the browser");
  await world.look(lea.page, "settings-approval-asked-en", { picture: false });
  await lea.page.click("text=See what waits");
  world.check((await lea.page.textContent("main")).includes("You asked this"), "what was asked in the browser does not wait");
  const jobs = () => readdirSync(join(house.home, "jobs")).filter((name) => /\.(csv|xlsx)/.test(name));
  world.check(jobs().length === 0, "something was written before it was approved");
  await omar.page.goto(`${house.origin}/fr/settings/approvals`);
  world.check((await omar.page.textContent("main")).includes("Noms et numéros aussi"), "the second person does not see that names are asked for");
  await approve(world, omar.page, "Approuver : le faire maintenant", "approuvé et fait");
  const [written] = jobs();
  world.check(!readFileSync(join(house.home, "jobs", written)).includes("status"), "what was approved lies on the disk as it is");
  await lea.page.goto(`${house.origin}/en/settings/approvals?decided=true`);
  const [taken] = await Promise.all([lea.page.waitForEvent("download"), lea.page.click("text=Download the file")]);
  world.check(readFileSync(await taken.path(), "utf8").includes("status"), "what was approved is not what was taken");
  world.check(jobs().length === 0, "the file stayed after it was taken");
  await lea.page.reload();
  world.check((await lea.page.textContent("main")).includes("not here any more"), "the page does not say that the file is gone");

  // Without scripts.
  askExport(world, house, `${file}.second.csv`);
  const still = await world.plain(house, omar.page);
  await still.goto(`${house.origin}/fr/settings/approvals`);
  await world.look(still, "settings-approvals-plain-fr", { picture: false });
  await still.click("text=Refuser");
  world.check((await still.textContent("main")).includes("refusé"), "refusing does not work without scripts");
  world.check(!existsSync(`${file}.second.csv`), "a refused export happened");
  await still.context().close();
  rmSync(file, { force: true });
  await omar.page.goto(`${house.origin}/fr/settings/approvals?decided=true`);
  await world.look(omar.page, "settings-approvals-decided-fr", { picture: false });
}

export async function settings(world) {
  const house = await world.house("settings", { settings: (text) => text.replace("needed_for = []", 'needed_for = ["record_export"]') });
  house.cli("record", "add", "status=actual", "gender=woman", "age_at_registration=19", "province_of_exploitation=35", "exploitation=sexual");
  house.cli("record", "add", "status=possible", "gender=man", "age_at_registration=34", "province_of_exploitation=24", "exploitation=forced_labour");
  await administrator(world, house);
  await auditor(world, house);
  await twoPeople(world, house);
}
