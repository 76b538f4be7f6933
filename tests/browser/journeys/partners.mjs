// Two organizations become partners: two nodes, two consoles, two windows, one in English and one in French.
import { cpSync, lstatSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ALL_ROLES } from "../world.mjs";

/** The name of the second one holds what must never be run, and letters that run from right to left. Marks that turn
 * a text around never get here: the protocol refuses them. */
const HOSTILE = "Havre <script>alert(1)</script> \u05de\u05e7\u05dc\u05d8 javascript:alert(2)";

/** A house with this in its settings, and where this takes two people. */
async function told(world, name, { says = {}, needed = [], ...rest }) {
  const said = (text) => Object.entries(says).reduce((it, [key, value]) => it.replace(new RegExp(`^${key} = .*$`, "m"), `${key} = ${JSON.stringify(value)}`), text);
  return world.house(name, { ...rest, settings: (text) => said(text).replace("needed_for = []", `needed_for = ${JSON.stringify(needed)}`) });
}

/** The digits that a page says to read aloud. */
const digits = async (page) => (await page.locator(".digits span").allTextContents()).join("");

/** Nothing of a name was taken for anything but text. */
async function harmless(world, page, where) {
  const found = await page.evaluate(() => [
    [...document.scripts].filter((it) => !it.src).length,
    [...document.querySelectorAll("a[href],form[action]")].filter((it) => /^\s*javascript:/i.test(it.getAttribute("href") ?? it.getAttribute("action"))).length,
  ]);
  world.check(found.every((n) => n === 0), `${where}: a name became a script or a link`);
}

// The worst that an organization may be called: markup is refused where it names itself.
const MILD = `Tom & "Jerry" 'x' {{7*7}}`;

/** An organization without a node: taken on by its digits, its files taken, its mail and its receipt saved, the end. */
async function sponsored(world, house, page, secret) {
  const folder = join(world.folder, "harbour");
  const proved = async () => { if (new URL(page.url()).pathname === "/en/confirm") await world.confirm(page, secret); };
  const made = house.json("sponsored", "new", folder, "--name-en", MILD, "--name-fr", "Maison sans nœud", "--kind", "ngo",
    "--sponsor", house.json("status").organization.id, "--passphrase-file", house.pass);
  const sign = (name) => {
    const file = join(world.folder, name);
    house.cli("sponsored", "sign", folder, "--out", file, "--passphrase-file", house.pass);
    return file;
  };
  house.cli("sponsored", "service", folder, "--name", "Beds", "--province", "AB", "--hidden");
  const first = sign("harbour-1.entente");

  await page.goto(`${house.origin}/en/partners`);
  await page.click("text=Sponsored organizations");
  await page.click("text=Sponsor an organization");
  await proved();
  world.check(!(await page.textContent("main")).includes(made.fingerprint.slice(0, 4)), "the page shows the digits that are to be typed");
  const add = async (file, digits) => {
    await page.setInputFiles("#file", file);
    await page.fill("#fingerprint", digits);
    await page.click("main form button");
  };
  await add(house.pass, made.fingerprint);
  world.check((await page.textContent(".summary")).includes("ENT-2601"), "any file is one of an organization");
  await add(first, "1234 5678 1234 5678 1234 5678");
  world.check((await page.textContent(".summary")).includes("ENT-2603"), "wrong digits were taken");
  await world.look(page, "sponsored-add-wrong", { picture: false });
  await add(first, ` ${made.fingerprint} `);
  world.check((await page.textContent("main")).includes(MILD), "the organization is not in the list");
  await harmless(world, page, "the sponsored organization");

  house.cli("sponsored", "service", folder, "--name", "Counsel", "--province", "AB", "--hidden");
  const take = async (file) => {
    await page.setInputFiles("#file", file);
    await page.click("text=Import the file");
  };
  await take(first);
  world.check((await page.textContent(".summary")).includes("ENT-2606"), "the same file was taken twice");
  await take(sign("harbour-2.entente"));
  world.check((await page.textContent(".note.good")).includes("number 2"), "the newest file was not taken");
  const save = async (button, name) => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click(`text=${button}`)]);
    world.check(/^entente-(mail|receipt)-[0-9a-f]{8}-\d{4}-\d\d-\d\d\.entente$/.test(download.suggestedFilename()), `the file is called ${download.suggestedFilename()}`);
    const file = join(world.folder, name);
    await download.saveAs(file);
    return file;
  };
  const mail = await save("Save its mail", "mail.entente");
  world.check(house.json("sponsored", "inbox", folder, mail, "--passphrase-file", house.pass).new === 0, "the mail is not read at the organization");
  const receipt = await save("Save a receipt for it", "receipt.entente");
  world.check(house.json("sponsored", "check", folder, receipt).heard === "newest", "the receipt says something else");
  const answers = join(world.folder, "answers.entente");
  house.cli("sponsored", "answers", folder, "--out", answers, "--passphrase-file", house.pass);
  await take(answers);
  world.check((await page.textContent(".note.good")).includes("Said before: 0"), "what became of answers is not said");
  world.check(readdirSync(join(house.home, "jobs")).length === 0, "a file of a sponsored organization was left in the node's folder");

  const { id } = house.json("sponsor", "list").ours[0].organization;
  await world.tour(page, house, [["sponsored", "/sponsored"], ["sponsored-add", "/sponsored/add"], ["sponsored-end", `/sponsored/${id}/end`]], ["sponsored-en", "sponsored-fr-390"]);
  const still = await world.plain(house, page);
  await still.goto(`${house.origin}/en/sponsored`);
  await still.click("text=End the sponsorship");
  if (new URL(still.url()).pathname === "/en/confirm") await world.confirm(still, secret);
  await still.click("main form button");
  world.check((await still.textContent("article .tag")).includes("ended"), "the sponsorship did not end without scripts");
  await still.context().close();
}

/** A folder that was set back says something else at the same place, before it has heard from anybody that it is old: for
 * whoever read it, that is another history. What is kept of it is looked at, and the quarantine lifted with a reason. */
async function quarantined(world) {
  const [office, clinic] = ["Office of Manitoba", "Prairie Clinic"];
  const keeper = await told(world, "partners-c", { en: office, fr: "Bureau du Manitoba", type: "provincial" });
  // By itself this one asks nobody: whoever it asks would tell it that it is old, and it would begin anew.
  const old = await told(world, "partners-d", { en: clinic, fr: "Clinique des Prairies", says: { live: false, interval_s: 3600 } });
  const { link } = keeper.json("partner", "invite", clinic, "--out", join(world.folder, "clinic.entente"));
  old.json("partner", "open", link);
  const heard = (house, other) => house.json("partner", "digits", other).read_aloud.replace(/\s/g, "");
  const [atKeeper, atClinic] = [heard(keeper, clinic), heard(old, office)];
  keeper.json("partner", "verify", clinic, atClinic);
  old.json("partner", "verify", office, atKeeper);
  const say = (number) => {
    const file = join(world.folder, `clinic-${number}.toml`);
    old.cli("agreement", "draft", "ngo-province", office, "--out", file);
    old.json("agreement", "propose", file, office);
  };
  const copy = join(world.folder, "partners-d-old");
  await old.stop();
  cpSync(old.home, copy, { recursive: true, filter: (from) => !lstatSync(from).isSocket() });
  await old.run();
  say(1);
  keeper.json("sync");
  await old.stop();
  await keeper.stop();
  rmSync(old.home, { recursive: true });
  renameSync(copy, old.home);
  await old.run();
  // More than the first time, or it would look as if nothing had been added.
  for (const number of [2, 3, 4]) say(number);
  await keeper.run();
  // It listens, and may have heard already.
  try { keeper.json("sync"); } catch { /* A partner that is refused is said by the exit code. */ }
  await old.stop();

  const { page, secret } = await world.person(keeper, "noor", ["privacy_officer", "coordinator"], { display: "Noor Aziz" });
  await page.goto(`${keeper.origin}/en/home`);
  world.check((await page.textContent("[data-watch]")).includes("in quarantine"), "home says nothing of the quarantine");
  await page.goto(`${keeper.origin}/en/partners`);
  await page.click("table tbody th a");
  world.check((await page.textContent("main")).includes("In quarantine since"), "a partner with two histories is not in quarantine");
  const { pathname } = new URL(page.url());
  await page.click("text=Look at the evidence");
  if (new URL(page.url()).pathname === "/en/confirm") await world.confirm(page, secret);
  await world.look(page, "partner-release-en", { picture: false });
  await page.fill("#reason", "they put an old copy of the folder in place");
  await page.click("main form button.danger");
  world.check(new URL(page.url()).pathname === pathname && !(await page.textContent("main")).includes("In quarantine since"), "the quarantine was not lifted");
  // What happened stays to be read.
  await page.click("summary:has-text('What was wrong')");
  await world.look(page, "partner-wrongs-en", { picture: false });
}

export async function partners(world) {
  const alberta = await told(world, "partners-a", { en: "Office of Alberta", fr: "Bureau de l’Alberta", type: "provincial", needed: ["agreement_sign"] });
  const shelter = await told(world, "partners-b", { en: HOSTILE, fr: HOSTILE, type: "ngo", says: {
    role: ["protection", "prevention"], languages: ["fr", "cr"], mandate_en: HOSTILE, mandate_fr: HOSTILE,
  } });
  const { page: ana, secret } = await world.person(alberta, "ana", ALL_ROLES, { display: "Ana Roy" });
  const { page: bea } = await world.person(shelter, "bea", ALL_ROLES, { display: "Béa Côté", lang: "fr" });
  for (const page of [ana, bea]) page.on("dialog", () => world.check(false, `something was run at ${page.url()}`));

  // Nobody yet: the page says how it is done.
  await ana.goto(`${alberta.origin}/en/partners`);
  world.check((await ana.locator(".steps > li").count()) === 3, "the empty list does not say how one begins");
  await world.look(ana, "partners-empty", { picture: false });

  // Ana invites, and saves the file.
  await ana.click("text=Invite a partner");
  await ana.fill("#for_name", "Refuge du Havre");
  await ana.check("input[value=ngo-province]");
  await ana.fill("#contact", "Intake desk");
  await ana.click("main form button");
  world.check((await ana.textContent(".summary")).includes("ENT-2833"), "a desk without a number was taken");
  await world.look(ana, "partners-invite-wrong", { picture: false });
  await ana.fill("#telephone", "+1 780-555-0117");
  await ana.click("main form button");
  world.check((await ana.inputValue("#link")).startsWith("entente-invite:"), "there is no link");
  world.check((await ana.inputValue("#mail_fr")).includes(await ana.inputValue("#link")), "the mail does not hold the invitation");
  const tops = await ana.locator(".ways > .card").evaluateAll((cards) => cards.map((it) => it.getBoundingClientRect().top));
  world.check(new Set(tops).size === 1, `the ways do not begin at one height: ${tops}`);
  await ana.click("[data-copy=link]");
  world.check((await ana.evaluate(() => document.querySelector("#link").selectionEnd)) > 0, "the text is not selected to be copied");
  await world.look(ana, "partners-invited-en", { whole: true });
  const [download] = await Promise.all([ana.waitForEvent("download"), ana.click("text=Save the file")]);
  world.check(download.suggestedFilename() === "refuge-du-havre.entente", `the file is called ${download.suggestedFilename()}`);
  await ana.click("text=Back to the partners");
  world.check((await ana.textContent("main")).includes("Refuge du Havre"), "the invitation is not in the list");

  // Béa opens something else first, then the file.
  await bea.goto(`${shelter.origin}/fr/partners`);
  await bea.click("text=Ouvrir une invitation");
  await bea.fill("#link", "bonjour");
  await bea.click("main form button");
  world.check((await bea.textContent(".summary")).includes("ENT-1204"), "anything is an invitation");
  await bea.setInputFiles("#file", await download.path());
  await bea.click("main form button");
  world.check((await bea.textContent("h1")).includes("Bureau de l’Alberta"), "the page does not say who invites");
  world.check((await bea.textContent("main")).includes("Intake desk, +1 780-555-0117"), "the page does not say whom to call");
  await world.look(bea, "partners-offered-fr");
  await bea.click("#connect");
  await world.look(bea, "partners-check-fr");

  // The call. Béa mistypes, Ana types without scripts.
  await ana.goto(`${alberta.origin}/en/partners`);
  await harmless(world, ana, "the list");
  await ana.click("table tbody th a");
  const id = new URL(ana.url()).pathname.split("/").pop();
  await harmless(world, ana, "the partner");
  await ana.click('main a.button:has-text("Check by phone")');
  const [read, theirs] = [await digits(ana), await digits(bea)];
  world.check(/^\d{6}$/.test(read) && /^\d{6}$/.test(theirs), "the digits are not six and six");
  await bea.fill("#digits", "12 34");
  await bea.click("main form button");
  world.check((await bea.textContent(".summary")).includes("ENT-2741"), "four digits were taken");
  await bea.fill("#digits", read === "000000" ? "000001" : "000000");
  await bea.click("main form button");
  world.check((await bea.textContent(".summary")).includes("ENT-2740"), "wrong digits were taken");
  world.check((await bea.textContent("#digits-hint")).includes("2"), "the try was not counted");
  await world.look(bea, "partners-check-wrong", { picture: false });
  await bea.fill("#digits", `${read.slice(0, 3)} ${read.slice(3)}`);
  await bea.click("main form button");
  world.check((await bea.locator("#digits").count()) === 0, "the right digits were refused");
  const still = await world.plain(alberta, ana);
  await still.goto(ana.url());
  await world.look(still, "partners-check-plain", { picture: false });
  await still.fill("#digits", theirs);
  await still.click("main form button");
  world.check((await still.textContent(".note.good")).includes("sure"), "the check does not end without scripts");
  await still.context().close();
  await bea.click("text=Voir s’ils ont terminé");
  await bea.click("main a.button");

  // Ana drafts from a template and proposes.
  await ana.goto(`${alberta.origin}/en/partners/${id}`);
  await ana.click("text=Draft an agreement");
  await ana.check("input[value=ngo-province]");
  await ana.click("main form button");
  await world.look(ana, "agreements-draft-en", { picture: false });
  await ana.fill("[id='they_send.min_group_persons']", "many");
  await ana.click("main form.draft > button");
  world.check((await ana.textContent(".summary")).includes("ENT-1306"), "a group of “many” was taken");
  await ana.fill("[id='they_send.min_group_persons']", "20");
  await ana.fill("[id='ours.officer_title']", "Assistant deputy minister");
  await ana.click("main form.draft > button");
  world.check((await ana.textContent("main")).includes("20"), "the change is not in the clauses");
  world.check(!(await ana.textContent(".note.warn")).includes("ours.officer_title"), "what was typed is still said to be the template’s");
  world.check((await ana.textContent("section[aria-labelledby=receive]")).includes("at least 20 persons"), "what they would receive is not said in a sentence");
  await world.look(ana, "agreements-check-en", { picture: false });
  await ana.click("text=Show English and French side by side");
  world.check((await ana.textContent("td[lang=fr]")).length > 0, "the draft is not shown in both languages");
  await world.look(ana, "agreements-check-both-en", { picture: false });
  await harmless(world, ana, "the draft");
  await ana.click("text=Change something");
  world.check((await ana.inputValue("[id='they_send.min_group_persons']")) === "20", "going back forgets what was typed");
  await ana.click("main form.draft > button");
  await ana.click("text=Propose it to them");
  world.check((await ana.textContent("main")).includes("Before it is in force"), "the page does not say what is missing");

  // Béa gets it, reads what it opens, and signs; then Ana.
  const home = async (page, house, lang, partner) => page.goto(`${house.origin}/${lang}/partners/${partner}`);
  await bea.click("text=Demander les mises à jour");
  await bea.click("text=Lire l’entente");
  await bea.click("text=Lire ce qui change, puis signer");
  world.check((await bea.textContent("main")).includes("Tout est nouveau"), "the page does not say what signing opens");
  world.check((await bea.textContent("section[aria-labelledby=send]")).includes("au moins 20 personnes"), "the page does not say what signing lets out");
  await bea.click("text=Afficher l’anglais et le français côte à côte");
  world.check((await bea.locator("td[lang=en]").count()) > 0, "the text to sign is in one language");
  world.check((await bea.locator(".chips .tag.good").count()) > 0, "the fields that are sent are not named");
  await world.look(bea, "agreements-sign-fr");
  await bea.click("main form button");
  await home(ana, alberta, "en", id);
  await ana.click("text=Ask for news now");
  await ana.click("text=Read the agreement");
  await ana.click("text=Read what changes, then sign");
  const agreement = new URL(ana.url()).pathname.split("/")[3];
  await ana.click("main form button");
  // In Alberta two people sign: Ana has asked, and Noa reads it and approves.
  world.check((await ana.textContent("main")).includes("ENT-2780"), "one person signed where it takes two");
  const { page: noa } = await world.person(alberta, "noa", ["privacy_officer"], { display: "Noa Berg" });
  await noa.goto(`${alberta.origin}/en/settings/approvals`);
  await noa.click("text=Read it first");
  world.check(new URL(noa.url()).pathname === `/en/agreements/${agreement}`, `to read it leads to ${noa.url()}`);
  world.check(!(await noa.textContent("main .tag")).includes("in force"), "it is in force with one signature");
  await noa.goBack();
  await noa.click("text=Approve: do it now");
  world.check((await noa.textContent("main")).includes("approved and done"), "it was not signed");
  await ana.goto(`${alberta.origin}/en/agreements/${agreement}`);
  world.check((await ana.textContent(".tag.good")).includes("in force"), "two signatures are not enough");

  // All are asked at once.
  await ana.goto(`${alberta.origin}/en/partners`);
  await ana.click("text=Ask all for news now");
  world.check((await ana.locator("main .tasks .tag").count()) === 1, "the page does not say how asking everybody went");
  await world.axe(ana, "partners-asked");

  // The test share, and pages of a partnership that lives.
  await home(ana, alberta, "en", id);
  await ana.click("text=Send the test share");
  world.check((await ana.textContent("main")).includes("How the test share went"), "the test share says nothing");
  await home(bea, shelter, "fr", alberta.json("status").organization.id);
  await bea.click("text=Demander les mises à jour");
  await home(ana, alberta, "en", id);
  await ana.click("text=Ask for news now");
  world.check((await ana.locator(".way .tag.good").count()) === 4, "not all of the way is done");
  const does = await ana.textContent("section[aria-labelledby=about]");
  world.check(does.includes("Prevention, Protection") && does.includes("Cree") && does.includes("<script>"), `what the partner does is said like this: ${does}`);
  await harmless(world, ana, "what the partner does");
  await world.tour(ana, alberta, [
    ["partners", "/partners"], ["partner", `/partners/${id}`], ["partner-exchange", `/partners/${id}/exchange`], ["partner-bundle", "/partners/bundle"],
    ["agreements", "/agreements"], ["agreements-none", "/agreements?state=ending"], ["agreements-with", `/agreements?partner=${id}&state=active`], ["agreement-both", `/agreements/${agreement}?both=true`],
    ["agreement-draft", `/agreements/draft?partner=${id}&template=ngo-province`],
  ], ["partners-en", "partner-fr"]);
  for (const [name, path] of [["partner-invite", "/partners/invite"], ["partner-open", "/partners/open"],
    ["agreement-choose", `/agreements/draft?partner=${id}`], ["agreement-suspend", `/agreements/${agreement}/suspend`]]) {
    await ana.goto(`${alberta.origin}/en${path}`);
    await world.look(ana, `${name}-en`, { picture: false });
  }
  await bea.setViewportSize({ width: 390, height: 844 });
  await bea.goto(`${shelter.origin}/fr/partners/invite`);
  await world.look(bea, "partner-invite-fr-390", { picture: false });
  await bea.setViewportSize({ width: 1200, height: 820 });

  // Where there is no line: Ana saves what was said, and Béa reads it from the file.
  await ana.goto(`${alberta.origin}/en/partners/${id}/end`);
  if (new URL(ana.url()).pathname === "/en/confirm") await world.confirm(ana, secret);
  await ana.goto(`${alberta.origin}/en/partners/${id}/exchange`);
  const [bundle] = await Promise.all([ana.waitForEvent("download"), ana.click("text=Save a bundle for them")]);
  world.check(/^entente-bundle-[0-9a-f]{10}-\d{4}-\d\d-\d\d\.entente$/.test(bundle.suggestedFilename()), `the bundle is called ${bundle.suggestedFilename()}`);
  const carried = join(world.folder, "bundle.entente");
  await bundle.saveAs(carried);
  await bea.goto(`${shelter.origin}/fr/partners`);
  await bea.click("text=Lire une liasse");
  for (const [file, words] of [[alberta.pass, /ENT-1510/], [carried, /tout avait déjà été lu|Entrées nouvelles/]]) {
    await bea.setInputFiles("#file", file);
    await bea.click("main form button");
    const said = await bea.textContent("main");
    world.check(words.test(said), `a bundle says ${said.slice(0, 300)}`);
    await world.look(bea, "partner-bundle-read", { picture: false });
  }
  world.check((await bea.textContent(".note.good")).includes("Bureau de l’Alberta"), "whose the bundle is is not said");
  // What is for somebody else is of no use to whoever wrote it.
  await ana.goto(`${alberta.origin}/en/partners/bundle`);
  await ana.setInputFiles("#file", carried);
  await ana.click("main form button");
  world.check((await ana.textContent(".summary")).includes("ENT-1512"), "a bundle was read that is for somebody else");
  world.check(readdirSync(join(alberta.home, "jobs")).length === 0 && readdirSync(join(shelter.home, "jobs")).length === 0, "a bundle was left on the disk");

  // The next version: a difference in words, and a no.
  await ana.goto(`${alberta.origin}/en/agreements/${agreement}`);
  await ana.click("text=Draft the next version");
  await ana.fill("[id='they_send.min_group_persons']", "11");
  await ana.click("main form.draft > button");
  world.check((await ana.textContent(".change")).length > 0, "the difference is not shown");
  await ana.click("text=Propose it to them");
  await home(bea, shelter, "fr", alberta.json("status").organization.id);
  await bea.click("text=Demander les mises à jour");
  await bea.click("table tbody th a");
  // Béa answers with another version, which is compared with the first one; what waited is over.
  await bea.click("text=Proposer des changements");
  await bea.fill("[id='we_send.min_group_persons']", "15");
  await bea.click("main form.draft > button");
  world.check((await bea.textContent("main")).includes("est refusée du même coup"), "it is not said that what waits is declined");
  await bea.click("text=La proposer au partenaire");
  await bea.selectOption("#against", "1");
  await bea.click("text=Afficher la différence");
  world.check((await bea.textContent("section[aria-labelledby=versions]")).includes("20 → 15"), "two versions are not compared");
  await home(ana, alberta, "en", id);
  await ana.click("text=Ask for news now");
  await ana.goto(`${alberta.origin}/en/agreements/${agreement.split("-")[0]}-2`);
  world.check((await ana.textContent("main .tag")).includes("ended"), "the version that was answered still waits");
  await bea.click('main a.button:has-text("Refuser")');
  await world.look(bea, "agreement-decline-fr", { picture: false });
  await bea.fill("#reason", "Trop fin pour nous");
  await bea.click("main form button");

  // Suspend and resume, then the end. What each means is said before.
  await home(ana, alberta, "en", id);
  await ana.click("text=Suspend the exchange");
  world.check((await ana.locator(".means li").count()) > 1, "what suspending means is not said");
  await world.look(ana, "partner-suspend-en", { picture: false });
  await ana.fill("#reason", "a laptop was lost");
  await ana.click("main form button");
  world.check((await ana.textContent("main")).includes("You have suspended"), "it is not suspended");
  await ana.click("text=Resume the exchange");
  // Letting a partner back in is proved like letting it in.
  if (new URL(ana.url()).pathname === "/en/confirm") {
    await world.confirm(ana, secret);
    await ana.click("text=Resume the exchange");
  }
  world.check((await ana.textContent(".tag")).includes("active"), "it is not active again");
  // The agreement ends first, and the partnership stays; then that ends too.
  await ana.goto(`${alberta.origin}/en/agreements/${agreement}`);
  await ana.click("main a.button.danger");
  if (new URL(ana.url()).pathname === "/en/confirm") await world.confirm(ana, secret);
  world.check((await ana.textContent(".means")).trim().length > 0, "what the end of an agreement means is not said");
  await world.look(ana, "agreement-end-en", { picture: false });
  await ana.fill("#reason", "the program is over");
  await ana.click("main form button.danger");
  world.check((await ana.textContent("main .tag")).includes("ended"), "the agreement is not over");
  await home(ana, alberta, "en", id);
  await ana.click("text=End the partnership");
  world.check((await ana.textContent("main")).includes("cannot be undone"), "the end is not said to be one");
  await world.look(ana, "partners-end-en", { picture: false });
  await ana.click("main form button");
  world.check((await ana.textContent(".tag")).includes("ended"), "it is not over");
  world.check((await ana.goto(`${alberta.origin}/en/partners/00000000`)).status() === 404, "a partner that is none has a page");
  await sponsored(world, alberta, ana, secret);
  await quarantined(world);
}
