// Cases: recorded by the keyboard, a mistake, a consent, what each partner will receive, names revealed, a
// conflict, a search, and taken back.
import { join } from "node:path";

const OFFICE = { en: "Office <script>alert(1)</script> & Sons", fr: "Bureau <img src=x onerror=alert(1)> مكتب", type: "provincial" };
const CENTRE = { en: "National Centre for the Coordination of Information on Trafficking in Persons", fr: "Centre national de coordination", type: "federal" };
const EVIL = "<img src=x onerror=alert(1)>Zoé\u202Eeoz";
const path = (page) => new URL(page.url()).pathname;

/** Partners under an agreement by which the first sends summaries to the second. Gives the second's id. */
function befriend(world, from, to, template) {
  const file = join(world.folder, `${to.name}.entente`);
  from.cli("partner", "invite", to.name, "--out", file);
  const ours = from.json("status").organization.id;
  to.json("partner", "open", file);
  const id = from.json("partner", "list").partners.map((row) => row.partner.id).find((it) => it !== "" && !(from.known ?? []).includes(it));
  from.known = [...(from.known ?? []), id];
  const first = from.json("partner", "digits", id).read_aloud;
  const second = to.json("partner", "digits", ours).read_aloud;
  from.json("partner", "verify", id, second);
  to.json("partner", "verify", ours, first);
  const draft = join(world.folder, `${to.name}.toml`);
  from.cli("agreement", "draft", template, id, "--out", draft);
  const agreement = from.json("agreement", "propose", draft, id).agreement.id;
  to.cli("sync");
  to.cli("agreement", "sign", agreement);
  from.cli("sync");
  from.cli("agreement", "sign", agreement);
  to.cli("sync");
  return id;
}

/** A made-up case that resembles others, with a consent. */
function alike(house, day, form = "sexual") {
  const { record } = house.json("record", "add", `registered_on=${day}`, "status=actual", "gender=woman", "age_at_registration=31", "citizenship=CAN", "province_of_exploitation=35", "majority_at_exploitation=adult", `exploitation=${form}`, "needs=legal");
  house.cli("consent", "give", record, "--scope", "stats,referral_need", "--informed", "--by", "self");
  return record;
}

/** Goes on by Tab until the field with this id, or a box with this value, has the focus. */
async function tabTo(page, wanted) {
  for (let n = 1; n <= 90; n += 1) {
    await page.keyboard.press("Tab");
    const is = await page.evaluate((it) => { const at = document.activeElement; return at.id === it || at.value === it; }, wanted);
    if (is) return n;
  }
  throw new Error(`Tab does not lead to ${wanted}`);
}

/** Records a case with ten fields by keyboard alone, with one mistake. Gives its path. */
async function byKeyboard(world, page, house) {
  await page.goto(`${house.origin}/en/cases/add`);
  const began = Date.now();
  const keys = page.keyboard;
  let presses = 0;
  const type = async (id, text) => { presses += await tabTo(page, id); await keys.type(text); presses += text.length; };
  const tick = async (code) => { presses += await tabTo(page, code) + 1; await keys.press("Space"); };
  await type("name_first", EVIL);
  await type("name_last", "Exemple-Tremblay");
  await type("age_at_registration", "3x");
  await type("gender", "Wom");
  await type("citizenship", "Can");
  await type("status", "Act");
  await type("province_of_exploitation", "Ont");
  await type("majority_at_exploitation", "Adu");
  await tick("sexual");
  await tick("legal");
  await tabTo(page, "registered_on");
  await page.fill("#registered_on", "2031-01-01");
  await tabTo(page, "check");
  await keys.press("Enter");
  await page.waitForSelector("[data-summary]");
  world.check(await page.evaluate(() => document.activeElement.matches("[data-summary]")), "cases: the summary has no focus");
  world.check(await page.locator(".summary li").count() === 2, "cases: not each fault has a line");
  await world.look(page, "cases-error-en");
  await keys.press("Tab");
  await keys.press("Enter");
  const at = await page.evaluate(() => document.activeElement.id);
  world.check(at === "age_at_registration" || at === "registered_on", `cases: the summary leads to ${at}`);
  world.check(await page.inputValue("#name_last") === "Exemple-Tremblay", "cases: a mistake lost what was typed");
  world.check(await page.isChecked("input[name=exploitation][value=sexual]"), "cases: a mistake lost a box");
  await page.fill("#age_at_registration", "31");
  await page.fill("#registered_on", "");
  await page.focus("#registered_on");
  await tabTo(page, "check");
  await keys.press("Enter");
  await page.waitForURL("**/cases/add");
  await page.waitForSelector("button[value=save]");
  world.check((await page.textContent("main")).includes(EVIL), "cases: a name is not shown as it was typed");
  await world.look(page, "cases-check-en", { picture: false });
  // Back to the form by a link, and forth again: nothing is lost.
  await page.click("button[value=form] >> nth=1");
  world.check(await page.inputValue("#name_last") === "Exemple-Tremblay" && page.url().endsWith("#situation"), "cases: going back lost what was typed");
  await page.click("button[value=check]");
  await page.focus("button[value=save]");
  await keys.press("Enter");
  await page.waitForURL(/cases\/[0-9a-f-]{36}/);
  console.log(`  a case by keyboard: ${presses} keys, ${((Date.now() - began) / 1000).toFixed(1)} s`);
  return path(page).replace("/en", "");
}

/** Reveals the name, and finds it masked again. */
async function reveal(world, page, house, record) {
  await page.goto(`${house.origin}/en${record}`);
  world.check(!(await page.content()).includes("Exemple-Tremblay"), "cases: a name is not masked");
  await page.click("form[action$=reveal] button");
  world.check((await page.textContent("#person ~ dl")).includes(EVIL), "cases: a name is not revealed as it was typed");
  await world.look(page, "cases-revealed-en", { picture: false });
  await page.click("text=Français");
  world.check(path(page) === `/fr${record}` && !(await page.content()).includes("Exemple-Tremblay"), "cases: the other language is another page, or revealed");
}

/** Edits a case while somebody else does. */
async function edit(world, page, house, record) {
  await page.goto(`${house.origin}/en${record}/edit`);
  world.check(await page.inputValue("#name_last") === "", "cases: a form shows a masked name");
  world.check(await page.locator("#name_last ~ .check >> text=Remove it").count() === 1, "cases: a masked name cannot be removed");
  world.check(await page.isHidden("input[name=needs][value=transport]"), "cases: rare needs are not folded away");
  await page.click("button[value=check]");
  world.check((await page.textContent(".summary")).includes("Nothing is changed"), "cases: nothing was changed and nobody said so");
  await page.selectOption("#gender", "two_spirit");
  await page.check("input[name=needs][value=emergency_housing]");
  house.cli("record", "edit", record.split("/")[2], "gender=trans_woman", "province_of_exploitation=24");
  await page.click("button[value=check]");
  world.check((await page.textContent(".summary")).includes("Somebody else changed this case"), "cases: a conflict is not said");
  world.check(await page.inputValue("#gender") === "two_spirit" && await page.inputValue("#province_of_exploitation") === "24", "cases: a conflict is not merged");
  await world.look(page, "cases-conflict-en", { picture: false });
  await page.selectOption("#province_of_exploitation", "35");
  await page.click("button[value=check]");
  world.check(await page.locator("tbody tr").count() === 3, "cases: not every change is shown");
  await world.look(page, "cases-changes-en", { picture: false });
  await page.click("text=Save the changes");
  world.check((await page.textContent(".note.good")).includes("The changes are saved"), "cases: the changes are not saved");
}

/** Gives a consent, after forgetting what it is for. */
async function consent(world, page) {
  await page.click("text=Enter a consent");
  await page.click("main form button");
  world.check(await page.locator(".summary a[href='#scope']").count() === 1, "cases: an empty consent is not refused");
  for (const scope of ["stats", "referral_need"]) await page.check(`input[name=scope][value=${scope}]`);
  await page.check("input[name=informed]");
  await page.fill("#valid_until", "2031-11-22");
  await page.click("main form button");
  world.check((await page.textContent("main dl")).includes("November\u00a022, 2031"), "cases: the consent is not shown to be checked");
  await world.look(page, "cases-consent-check-en", { picture: false });
  await page.click("button[value=form]");
  world.check(await page.isChecked("input[name=scope][value=stats]") && await page.inputValue("#valid_until") === "2031-11-22", "cases: going back lost what a consent was");
  await page.click("button[value=check]");
  await page.click("button[value=save]");
  world.check((await page.textContent(".note.good")).includes("The consent is entered"), "cases: the consent is not entered");
}

/** What each partner will receive, before and after a close. */
async function explain(world, page, house, record, office, shared) {
  await page.goto(`${house.origin}/en${record}`);
  await page.click("text=See what each partner will receive");
  await page.uncheck("input[name=with]:checked");
  await page.check(`input[name=with][value='${office}']`);
  await page.click("form.case-offers button");
  const text = await page.textContent("main");
  world.check(text.includes("<script>alert(1)</script>"), "explain: a name is not shown as it is");
  world.check(text.includes("look alike at this level"), "explain: it does not say among how many");
  const row = (label) => page.locator("tr", { has: page.locator(`th:text-is("${label}")`) });
  world.check(await row("Age group").locator("td.case-coarser del").first().textContent().then((it) => it.includes("31")), "explain: an age is not struck through");
  world.check(await row("Gender").locator("td.case-kept").count() === 1, "explain: what is kept is not said");
  world.check(await page.locator('dt:text-is("Last name") + dd.case-gone del').count() === 1, "explain: a name is not said to stay");
  world.check(!text.includes("Exemple-Tremblay"), "explain: a name is shown");
  world.check(await page.locator(".case-tally .tag").count() === 4 && await page.locator(".case-tally svg[role=img] title").count() === 1, "explain: it does not say how much is sent");
  const clause = await page.locator(".case-fates a.case-clause").first().getAttribute("href");
  world.check(await page.locator(`[id="${clause.slice(1)}"]`).count() === 1, "explain: a clause leads nowhere");
  const atTable = () => page.evaluate(() => document.querySelector(".case-verdicts").scrollIntoView());
  await atTable();
  await world.look(page, "cases-explain-en");
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(page.url().replace("/en/", "/fr/"));
  await atTable();
  await world.look(page, "cases-explain-fr-390");
  await page.setViewportSize({ width: 1200, height: 820 });
  house.cli("epoch", "close", "2026-Q3");
  await page.goto(`${house.origin}/en/cases/${shared}/explain?with=${office}`);
  world.check((await page.textContent("main")).includes("has a summary"), "explain: it does not say what is shared already");
  await world.look(page, "cases-explain-shared-en", { picture: false });
}

/** Finds somebody; nothing of it stands in an address. */
async function search(world, page, house, record) {
  await page.goto(`${house.origin}/en/cases?status=actual`);
  await page.click("text=Search by name or number");
  await page.fill("#text", "x");
  await page.click("main form button");
  world.check((await page.textContent(".summary")).includes("ENT-1409"), "cases: a search for nothing is not refused");
  await page.fill("#text", "tremblay exemple");
  await page.keyboard.press("Enter");
  await page.waitForSelector("tbody tr");
  world.check(!page.url().includes("tremblay") && await page.inputValue("#text") === "tremblay exemple", "cases: the query is in the address, or lost");
  await world.look(page, "cases-found-en", { picture: false });
  await page.click("text=Back to the list");
  world.check(page.url().endsWith("/en/cases?status=actual"), "cases: the filters of the list did not stay");
  await page.click("text=Search by name or number");
  await page.fill("#text", "tremblay exemple");
  await page.keyboard.press("Enter");
  await page.click("tbody tr >> nth=0 >> a");
  world.check(path(page) === `/en${record}`, "cases: the search leads elsewhere");
}

/** Takes a consent back that a partner has something of, then a whole record. */
async function withdraw(world, page, house, shared, record) {
  await page.goto(`${house.origin}/en/cases/${shared}/consents`);
  await page.click("text=Withdraw…");
  world.check((await page.textContent("main")).includes("must destroy their copy"), "cases: it does not say what a withdrawal does");
  await world.look(page, "cases-withdraw-consent-en", { picture: false });
  await page.click("button.danger");
  world.check((await page.textContent(".note.good")).includes("awaited"), "cases: no receipt is awaited");
  await page.goto(`${house.origin}/en${record}`);
  await page.click("text=Withdraw all consents");
  world.check((await page.textContent("main")).includes("What ends"), "cases: it does not say which consents end");
  await page.click("button.danger");
  world.check((await page.textContent(".note.good")).includes("All consents are withdrawn"), "cases: not all consents are withdrawn");
  await page.goto(`${house.origin}/fr${record}`);
  await page.click("text=Retirer le dossier de la communication");
  await page.click("button.danger");
  world.check((await page.textContent("main")).includes("retiré de la communication"), "cases: the record is not withdrawn");
}

/** The main forms without scripts. */
async function withoutScripts(world, page, house) {
  const still = await world.plain(house, page);
  await still.goto(`${house.origin}/fr/cases/add`);
  await still.fill("#name_last", "Exemple-Roy");
  await still.fill("#age_at_registration", "deux");
  await still.click("button[value=check]");
  world.check((await still.textContent(".summary")).includes("nombre entier"), "cases: a mistake is not said without scripts");
  await world.look(still, "cases-error-plain-fr", { picture: false });
  await still.fill("#age_at_registration", "22");
  await still.click("button[value=check]");
  await still.click("button[value=save]");
  world.check((await still.textContent(".note.good")).includes("Le dossier est inscrit"), "cases: no case without scripts");
  await still.goto(`${house.origin}/fr/cases/search`);
  await still.fill("#text", "roy");
  await still.click("main form button");
  world.check(await still.locator("tbody tr").count() === 1, "cases: no search without scripts");
  await still.context().close();
}

/** Decides who the same person is, as a supervisor. */
async function same(world, house, record) {
  const { page } = await world.person(house, "noor", ["supervisor"]);
  const other = house.json("record", "add", "name_first=Zoé", "name_last=Exemple-Tremblay", "birthdate=1995-03-03", "citizenship=PHL").record;
  house.cli("record", "edit", record.split("/")[2], "birthdate=1995-03-03", "name_first=Zoé", "citizenship=CAN");
  await page.goto(`${house.origin}/en${record}/duplicates`);
  await world.look(page, "cases-duplicates-en", { picture: false });
  world.check(await page.locator("tr.differs").count() >= 1, "cases: what differs is not marked");
  world.check(!(await page.textContent("main")).includes("Exemple-Tremblay"), "cases: a pair shows a name");
  await page.click("button[name=same][value=true]");
  world.check((await page.textContent("main")).includes(other.slice(-8)), "cases: the two are not linked");
  await world.tour(page, house, [["cases-duplicates", `${record}/duplicates`]]);
}

export async function cases(world) {
  const house = await world.house("shelter");
  const { page } = await world.person(house, "lea", ["case_worker"], { display: "Léa Tremblay" });
  page.on("dialog", (dialog) => { world.check(false, `cases: a page said ${dialog.message()}`); dialog.dismiss(); });
  await page.goto(`${house.origin}/en/cases`);
  world.check((await page.textContent("main")).includes("There is no case yet"), "cases: the empty list says nothing");
  await page.click("text=Record a case");
  const record = await byKeyboard(world, page, house);
  await page.goto(`${house.origin}/fr${record}/explain`);
  await world.look(page, "cases-explain-nobody-fr", { picture: false });

  const [office, centre] = [await world.house("office", OFFICE), await world.house("centre", CENTRE)];
  const ids = [befriend(world, house, office, "ngo-province"), befriend(world, house, centre, "province-federal")];
  const form = (n) => ["sexual", "forced_labour"][n % 2];
  const shared = Array.from({ length: 16 }, (_, n) => alike(house, "2026-08-15", form(n)))[0];
  for (let n = 0; n < 15; n += 1) alike(house, house.json("record", "show", record.split("/")[2]).created_at.slice(0, 10), form(n + 1));

  await page.goto(`${house.origin}/en${record}`);
  await consent(world, page);
  await explain(world, page, house, record, ids[0], shared);
  await reveal(world, page, house, record);
  await edit(world, page, house, record);
  await search(world, page, house, record);
  await withoutScripts(world, page, house);

  const at = record.split("/")[2];
  const compare = ids.map((id) => `with=${id}`).join("&");
  house.cli("record", "steward", at, ids[0]);
  const old = `/cases/${shared}`;
  await world.tour(page, house, [
    ["cases-add", "/cases/add"], ["cases-show", old], ["cases-edit", `${record}/edit`],
    ["cases-consents", `${old}/consents`], ["cases-consent-add", `${record}/consents/add`],
    ["cases-explain", `${record}/explain?with=${ids[0]}`], ["cases-compare", `${old}/explain?${compare}`],
    ["cases-history", `${record}/history`], ["cases-version", `${record}/history/3`],
    ["cases-steward", `${record}/steward`], ["cases-withdraw", `${old}/withdraw`], ["cases-withdraw-all", `${old}/consents/withdraw`], ["cases-search", "/cases/search"],
  ], ["cases-show-en", "cases-add-en", "cases-compare-en"]);
  await same(world, house, record);
  await withdraw(world, page, house, shared, record);
}
