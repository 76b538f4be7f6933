// Referrals, services and home: two houses that are partners, one in English, one in French.
import { join } from "node:path";
import { readFileSync, writeFileSync } from "node:fs";

const OWN = "five quiet herons by the river";
const ROLES = ["case_worker", "supervisor", "coordinator", "privacy_officer"];
const path = (page) => new URL(page.url()).pathname;
/** What stands there, with plain spaces. */
const text = async (page, where = "main") => (await page.textContent(where)).replace(/\u00a0/g, " ");

/** Partners under an agreement that grants referrals and services in both directions. */
function befriend(world, inviter, invitee) {
  const file = join(world.folder, "invitation.entente");
  inviter.cli("partner", "invite", invitee.en, "--out", file);
  invitee.json("partner", "open", file);
  const first = inviter.json("partner", "digits", invitee.en).read_aloud;
  const second = invitee.json("partner", "digits", inviter.en).read_aloud;
  inviter.json("partner", "verify", invitee.en, second);
  invitee.json("partner", "verify", inviter.en, first);
  const draft = join(world.folder, "agreement.toml");
  inviter.cli("agreement", "draft", "ngo-province", invitee.en, "--out", draft);
  const { id } = inviter.json("agreement", "propose", draft, invitee.en).agreement;
  invitee.cli("sync", inviter.en);
  invitee.cli("agreement", "sign", id);
  inviter.cli("sync", invitee.en);
  inviter.cli("agreement", "sign", id);
  invitee.cli("sync", inviter.en);
}

/** A made-up case; with a consent to referrals or without. */
function newCase(house, consent) {
  const { record } = house.json("record", "add", "status=actual", "gender=woman", "age_at_registration=30", "province_of_exploitation=46", "exploitation=sexual", "needs=emergency_housing;legal", "languages=fr");
  if (consent) house.cli("consent", "give", record, "--scope", "referral_need", "--informed", "--by", "self");
  return record;
}

/** Waits until something is so; says how long it took, in seconds. */
async function soon(world, what, limit_s, is) {
  const began = Date.now();
  while (Date.now() - began < 15_000) {
    if (await is()) {
      const took = (Date.now() - began) / 1000;
      world.check(took <= limit_s, `${what} took ${took} s`);
      return took;
    }
    await new Promise((done) => { setTimeout(done, 50); });
  }
  world.check(false, `${what} did not happen`);
  return Infinity;
}

/** Makes a referral by the pages, as a person would, and gives its path. */
async function refer(page, house, record, { agree = false, service = "" } = {}) {
  await page.goto(`${house.origin}/en/referrals/add?case=${record}${service && `&service=${service}`}`);
  await page.selectOption("#need-1", "emergency_housing");
  await page.selectOption("#need-2", "legal");
  await page.check("#urgency-3h");
  await page.check("input[name=safety][value=do_not_leave_message]");
  if (agree) { await page.check("#basis-consent"); await page.check("#informed"); }
  await page.click("text=Check the answers");
  await page.click("text=Make the referral");
  return path(page).replace("/en", "");
}

export async function referrals(world) {
  const shelter = await world.house("shelter");
  const office = await world.house("office", { en: "Prairie Office", fr: "Bureau des Prairies", type: "provincial" });
  befriend(world, shelter, office);
  const { page, secret } = await world.person(shelter, "lea", ROLES, { display: "Léa Tremblay" });
  const { page: theirs, secret: theirSecret } = await world.person(office, "omar", ROLES, { display: "Omar Haddad", lang: "fr" });

  for (const it of [page, theirs]) it.setDefaultTimeout(8000);

  // Nothing yet: each page says what to do.
  for (const path of ["/referrals", "/services", "/services/ours", "/referrals/add", "/openers"]) {
    await page.goto(`${shelter.origin}/fr${path}`);
    await world.look(page, `empty${path}`, { picture: false });
  }

  // The office lists a service and says what is free.
  await theirs.goto(`${office.origin}/fr/services/add`);
  // What every service says is there at once; the rest is opened, and the hours only where they are told.
  world.check((await theirs.isVisible("#phones")) && !(await theirs.isVisible("#street")), "what few services say is not behind the rest");
  const unfold = () => theirs.evaluate(() => { for (const it of document.querySelectorAll("main details")) it.open = true; });
  await unfold();
  world.check(!(await theirs.isVisible("input[name=opens_MO]")), "the hours of a week are there without being chosen");
  await theirs.fill("#name_en", "Emergency beds");
  await theirs.fill("#name_fr", "Lits d’urgence");
  await theirs.fill("#description_fr", "Un lit pour la nuit, et un repas.");
  for (const need of ["emergency_housing", "legal"]) await theirs.check(`input[name=need][value=${need}]`);
  await theirs.selectOption("#province", "46");
  await theirs.fill("#street", "510, rue Main");
  await theirs.fill("#city", "Winnipeg");
  await theirs.fill("#at", "49.8951,-97.1384");
  await theirs.fill("#phones", "204-555-0100");
  await theirs.fill("#url", "https://example.org/lits");
  await theirs.check("input[name=hours][value=week]");
  await theirs.fill("input[name=opens_MO]", "09:00");
  await theirs.fill("input[name=closes_MO]", "17:00");
  await theirs.click("text=Enregistrer");
  const service = path(theirs).replace("/fr", "");
  world.check(/^\/services\/[0-9a-f-]{36}$/.test(service), `after adding a service the page is ${theirs.url()}`);
  world.check((await text(theirs, "main")).includes("9 h"), "the hours are not there");

  // Changed in the form that shows what is kept; what is not touched stays.
  await theirs.click("main a.button:has-text('Modifier')");
  world.check((await theirs.inputValue("#phones")).trim() === "204-555-0100", "the form does not show what is kept");
  await world.look(theirs, "serv-edit-fr", { picture: false });
  await theirs.fill("#phones", "204-555-0100\n204-555-0101");
  await theirs.click("main summary:has-text('Plus')");
  await theirs.fill("#alert_fr", "Complet ce soir");
  await theirs.fill("#documents_fr", "Une carte d’identité");
  await theirs.fill("#areas", "Manitoba");
  await theirs.fill("#contacts", "A. Roy; Accueil; 204-555-0102");
  await theirs.click("text=Enregistrer");
  const changed = await text(theirs);
  for (const words of ["204-555-0101", "510, rue Main", "9 h", "Un lit pour la nuit", "Complet ce soir", "Une carte d’identité", "Manitoba", "A. Roy, Accueil", "204-555-0102"]) world.check(path(theirs) === `/fr${service}` && changed.includes(words), `the changed service lacks: ${words}`);
  await theirs.click("button[name=quick][value='2']");
  world.check((await text(theirs, ".tags")).includes("2 lits"), "two beds are not free");

  // What cannot be: markup, another scheme, signs that turn the text.
  for (const [field, typed] of [["#name_en", "<script>alert(1)</script>"], ["#url", "javascript:alert(1)"], ["#name_en", "abc\u202egnp"]]) {
    await theirs.goto(`${office.origin}/fr/services/add`);
    await unfold();
    await theirs.fill("#name_en", "X");
    await theirs.fill(field, typed);
    await theirs.click("text=Enregistrer");
    world.check((await text(theirs, ".summary")).includes("ENT-2203"), `${field} was taken: ${typed}`);
    world.check((await theirs.locator("a[href^=javascript], main script").count()) === 0, "something was made of it");
    await world.look(theirs, "serv-error", { picture: false });
  }
  // What can be, and looks like it: shown as text. A page without a secure address is no link.
  office.cli("service", "add", "--name", "Tom & \"Jerry\" 'x' {{7*7}}", "--province", "MB", "--hidden", "--url", "http://example.org/a", "--need", "legal");
  shelter.cli("service", "add", "--name", "Housing desk", "--name-fr", "Guichet du logement", "--province", "MB", "--need", "transitional_housing", "--at", "49.85,-99.95", "--city", "Brandon", "--hours", "always");
  shelter.cli("sync", office.en);

  // The directory.
  await page.goto(`${shelter.origin}/en/services`);
  world.check((await page.locator(".found > li").count()) === 3, "not all three services are found");
  world.check((await page.locator(".map rect.dot").count()) === 2, "not two dots on the map");
  // What has room comes first, wherever it is; or the nearest, with how far each is.
  // A filter that changes finds at once, with the focus where it was.
  await page.selectOption("#order", "near");
  await page.locator("main >> text=Near what?").first().waitFor();
  await page.fill("#near", "brandon");
  await page.locator("#near").dispatchEvent("change");
  await page.locator(".found > li:first-child:has-text('Housing desk')").waitFor();
  world.check(page.url().includes("near=brandon") && (await page.evaluate(() => document.activeElement.id)) === "near", `a filter leads to ${page.url()}`);
  const found = (await page.locator(".found > li").allTextContents()).map((it) => it.replace(/\u00a0/g, " "));
  world.check(found.length === 3 && found[0].includes("Housing desk") && found[0].includes("0.0 km") && found[1].includes("Emergency beds") && /\d\d\d\.\d km/.test(found[1]), `the nearest are not first: ${found}`);
  await world.look(page, "serv-nearest", { picture: false });
  // A field that is left asks once more.
  await page.reload();
  await page.selectOption("#order", "room");
  await page.click("main button:has-text('Search')");
  await page.locator(".found > li:first-child:has-text('Emergency beds')").waitFor();
  await page.selectOption("#need", "emergency_housing");
  await page.fill("#near", "Winnipeg");
  await page.selectOption("#within", "25");
  await page.check("input[name=free]");
  await page.click("main button:has-text('Search')");
  await page.locator(".found > li:only-child").waitFor();
  world.check((await text(page, ".found")).includes("2 beds"), "what is free is not told");
  await page.click(".found h2 a");
  world.check((await page.locator("dd a[rel]").getAttribute("href")) === "https://example.org/lits", "its page is no link");
  world.check((await page.locator("dd a[href^='tel:']").first().getAttribute("href")) === "tel:2045550100", "its number is no link");
  world.check((await text(page, "p.lines:has([lang=fr])")).trim() === "Un lit pour la nuit, et un repas. in French", "a text in French is not said to be one");
  await page.click("main a.button:has-text('Make a referral to it')");
  world.check((await text(page)).includes("Emergency beds") && page.url().endsWith(`?service=${service.split("/").pop()}`), `a referral to a service begins at ${page.url()}`);
  await world.look(page, "ref-case-found", { picture: false });
  // A point, who told of it, and of what there is room.
  for (const [query, n] of [["near=49.9,-97.1&within=25", 1], ["near=Atlantis", 3], ["partner=us", 1], ["unit=bed", 1], ["unit=hour", 0]]) {
    await page.goto(`${shelter.origin}/en/services?${query}`);
    world.check((await page.locator(".found > li").count()) === n, `${query} finds ${await page.locator(".found > li").count()}`);
  }
  await page.goto(`${shelter.origin}/en/services?words=Jerry`);
  world.check((await text(page, ".found")).includes("{{7*7}}"), "a name is not shown as it is");
  await page.click(".found h2 a");
  world.check((await page.locator("a[href^='http:']").count()) === 0, "an address that is not secure is a link");
  world.check((await text(page, "main")).includes("not told: a safe place"), "a safe house is not said to be one");
  await world.look(page, "serv-safe", { picture: false });

  // Nobody over there can open anything yet: add an opener.
  await theirs.goto(`${office.origin}/fr/openers`);
  await theirs.fill("#name", "Omar");
  await theirs.fill("#passphrase", OWN);
  await theirs.fill("#again", "something else");
  await theirs.click("text=Ajouter cette personne");
  world.check((await theirs.locator(".summary").count()) === 1, "two passphrases that differ were taken");
  await theirs.fill("#passphrase", OWN);
  await theirs.fill("#again", OWN);
  await theirs.click("text=Ajouter cette personne");
  world.check((await text(theirs, "tbody")).includes("Omar"), "there is no opener");
  shelter.cli("sync", office.en);

  // A referral in under a minute, from a case with a consent.
  const began = Date.now();
  const asked = await refer(page, shelter, newCase(shelter, true), { service: service.split("/").pop() });
  world.check((await text(page, ".ranked > li:first-child")).includes("the service you found"), "the service that was found is not first");
  world.check(/^\/referrals\/[0-9a-f]{32}$/.test(asked), `after making a referral the page is ${page.url()}`);
  world.check((await page.locator(".ranked input:checked").count()) === 1, "nobody is ticked");
  await world.look(page, "ref-candidates", { picture: false });
  await theirs.goto(`${office.origin}/fr/home`);
  const best = await text(page, ".ranked > li:first-child");
  for (const words of ["Best fit", "✓ Emergency / safe housing", "serves Manitoba"]) world.check(best.includes(words), `why it is first lacks: ${words}`);
  await page.uncheck(".ranked > li:first-child input");
  await page.check(".ranked > li:first-child input");
  await page.click("main button:has-text('Ask Prairie Office')");
  await soon(world, "the other side's home page", 2, async () => (await text(theirs, "[data-watch]")).includes("1 aiguillage attend une réponse"));
  world.check(Date.now() - began < 60_000, "it took more than a minute");
  await world.look(theirs, "home-waits-fr", { picture: true });

  // They look, and accept.
  await theirs.click(".places a");
  await world.look(theirs, "ref-offered-fr", { picture: true, whole: true });
  await theirs.click("main button:has-text('Accepter')");
  await soon(world, "the acceptance on this side", 4, async () => (await text(page, "main [data-watch]")).includes("Something has happened"));
  await page.click("text=Show it");
  world.check((await text(page, "main")).includes("hand over the contact details"), "the acceptance is not shown");

  // Contact details: typed here, opened there.
  await page.click("a:has-text('Hand over the contact details')");
  if (path(page).endsWith("/confirm")) await world.confirm(page, secret);
  await page.fill("#name", "Zoé <b>Exemple</b>");
  await page.fill("#phone1", "204-555-0143");
  world.check(!(await page.isVisible("#phone2")) && (await page.isVisible("#safe_times")), "what few people need is not behind the rest");
  await page.fill("#note", "After 9 pm\nspeak French first");
  await world.look(page, "ref-contact", { picture: false });
  // Read once more, changed, read again; nothing of it in an address.
  await page.click("text=Check the answers");
  for (const words of ["Zoé <b>Exemple</b>", "204-555-0143 (leave no message)", "speak French first"]) world.check((await text(page)).includes(words), `what is read once more lacks: ${words}`);
  await page.click("main button:has-text('Change')");
  world.check((await page.inputValue("#note")) === "After 9 pm\nspeak French first", "what was typed is lost");
  await page.click("text=Check the answers");
  world.check(!/Zo|555/.test(page.url()), `details stand in the address: ${page.url()}`);
  await world.look(page, "ref-contact-check", { picture: false });
  await page.click("text=Seal it and hand it over");
  world.check((await text(page, "main")).includes("on their way") || (await text(page, "main")).includes("have arrived"), `they are not on their way: ${(await text(page)).slice(0, 300)}`);
  await soon(world, "what was handed over", 4, async () => { await theirs.goto(`${office.origin}/fr${asked}`); return (await text(theirs, "main")).includes("Les coordonnées sont arrivées"); });
  await theirs.click("text=Ouvrir les coordonnées");
  if (path(theirs).endsWith("/confirm")) await world.confirm(theirs, theirSecret);
  await theirs.selectOption("#opener", "Omar");
  await theirs.fill("#passphrase", "not that one");
  await theirs.click("main form button:has-text('Ouvrir')");
  world.check((await text(theirs, ".summary")).includes("ENT-2406"), "a wrong passphrase opened");
  await theirs.fill("#passphrase", OWN);
  await theirs.click("main form button:has-text('Ouvrir')");
  const opened = await text(theirs);
  for (const words of ["Zoé <b>Exemple</b>", "204-555-0143", "ne laissez pas de message", "speak French first", "au plus tard le"]) world.check(opened.includes(words), `what was opened lacks: ${words}`);
  await world.look(theirs, "ref-opened-fr", { picture: true });
  const kept = await theirs.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]) + document.cookie);
  world.check(!kept.includes("Zo"), "the browser keeps something");
  await theirs.click("text=Terminé : masquer");

  // The service begins, and whoever asked hears of it.
  await theirs.click("main button:has-text('Le service a commencé')");
  world.check((await text(theirs, ".panel.now")).includes("La personne reçoit le service"), "the service is not said to have begun");
  await world.look(theirs, "ref-in-service-fr", { picture: false });
  await soon(world, "the beginning of the service", 4, async () => { await page.goto(`${shelter.origin}/en${asked}`); return (await text(page, ".panel.now")).includes("being served"); });

  // What came of it, back to who asked.
  await theirs.selectOption("#outcome", "provided");
  await theirs.click("main button:has-text('Fermer l’aiguillage')");
  await soon(world, "the outcome", 4, async () => { await page.goto(`${shelter.origin}/en${asked}`); return (await text(page, ".panel.now")).includes("Service provided"); });
  const told = await text(page, ".timeline");
  for (const words of ["Sent to Prairie Office", "Prairie Office accepted it", "Contact details handed over to Prairie Office", "Léa Tremblay", "Prairie Office closed it: Service provided"]) world.check(told.split(words).length > 1, `the timeline lacks: ${words}`);
  world.check(told.split("Sent to").length === 2 && (await page.locator(".timeline .waits").count()) === 0, `the timeline says something twice: ${told}`);
  world.check((await page.locator(".line > li").count()) === 6 && (await text(page, ".line [aria-current=step]")).startsWith("Closed"), "the line of steps does not end with the present one");
  await world.look(page, "ref-done", { picture: false });

  // A case without a consent: the form asks for one. This one is declined, with a barrier and without scripts.
  const still = await world.plain(shelter, page, { also: [office.origin] });
  await still.context().addCookies(await theirs.context().cookies());
  const record = newCase(shelter, false);
  await still.goto(`${shelter.origin}/en/referrals/add?case=${record}`);
  await still.click("text=Check the answers");
  world.check((await text(still, ".summary")).includes("agrees"), "a referral without a basis was taken");
  const second = await refer(still, shelter, record, { agree: true });
  await still.click("main button:has-text('Ask Prairie Office')");
  await soon(world, "the second offer", 4, async () => { await still.goto(`${office.origin}/fr/referrals`); return (await still.locator("#offered ~ .scroll tbody tr").count()) === 1; });
  world.check((await text(still, "#offered ~ .scroll tbody .tag.warn")).includes("Dans les trois heures"), "the urgency is not seen at a glance");
  world.check((await text(still, ".figure:has(a[href='#offered'])")).startsWith("1"), "what is to answer is not on top");
  await still.click("#offered ~ .scroll tbody td a:has-text('Répondre')");
  const matters = await text(still, ".now .tags");
  for (const words of ["Dans les trois heures", "Personne adulte", "français", "⚠ Ne laisser aucun message"]) world.check(matters.includes(words), `at a glance one does not see: ${words}`);
  world.check(!(await text(still, ".sides")).includes("Non évalué"), "the card says what was not assessed");
  await world.look(still, "ref-offered-plain-fr", { picture: false });
  await still.click("summary:has-text('Refuser')");
  await still.check("input[name=code][value=no_capacity]");
  await still.click("main button:has-text('Refuser')");
  world.check((await text(still, "main")).includes("Vous avez refusé"), "it was not declined");
  await soon(world, "the refusal", 4, async () => { await still.goto(`${shelter.origin}/en${second}`); return (await text(still, "main")).includes("All who were asked have declined"); });
  await still.context().close();
  await page.goto(`${shelter.origin}/en/home`);
  world.check((await text(page, "[data-watch]")).includes("declined by all"), "home does not say that all declined");
  await page.goto(`${shelter.origin}/en${second}`);
  await page.click("summary:has-text('Take it back')");
  await page.click("text=Withdraw the referral");
  world.check((await text(page, ".panel.now")).includes("Withdrawn"), "it was not withdrawn");
  world.check((await text(page, ".line [aria-current=step]")) === "withdrawn", "the line of steps does not say that it was withdrawn");

  // Capacity in one click, on the list; what is confirmed.
  await page.goto(`${shelter.origin}/en/services/ours`);
  await page.click("button[name=quick][value='3']");
  world.check((await text(page, ".found")).includes("3 beds"), "three beds are not free");
  await page.click("text=All is still so");

  // Our services as a file, in both forms.
  await page.goto(`${shelter.origin}/en/services/ours`);
  let packed;
  for (const [button, ending] of [["Save as one file (JSON)", "json"], ["Save as tables (ZIP)", "zip"]]) {
    const [given] = await Promise.all([page.waitForEvent("download"), page.click(`text=${button}`)]);
    world.check(new RegExp(`^entente-services-public-\\d{4}-\\d\\d-\\d\\d\\.${ending}$`).test(given.suggestedFilename()), `the file is called ${given.suggestedFilename()}`);
    const bytes = readFileSync(await given.path());
    if (ending === "zip") packed = bytes;
    world.check(ending === "zip" ? bytes.subarray(0, 2).toString() === "PK" : JSON.parse(bytes)[0].name === "Housing desk", `the ${ending} is another file`);
  }

  await page.check("input[name=with]");
  const [all] = await Promise.all([page.waitForEvent("download"), page.click("text=Save as one file (JSON)")]);
  world.check(all.suggestedFilename().includes("for-partners") && JSON.parse(readFileSync(await all.path())).length === 3, "the services of partners are not in the file");

  // What was written can be read.
  await page.goto(`${shelter.origin}/en/services/import`);
  await page.setInputFiles("#file", { name: "services.zip", mimeType: "application/zip", buffer: packed });
  await page.click("main button:has-text('Try: keep nothing yet')");
  world.check((await text(page, "dl.facts")).replace(/\s/g, "").includes("Astheywere1"), `the tables in a zip are not read: ${(await text(page)).slice(0, 300)}`);

  // A file of services, tried and imported.
  const file = join(world.folder, "services.json");
  writeFileSync(file, JSON.stringify([{ id: "ac148810-d857-441c-9679-408f346de14b", name: "Legal clinic", status: "active", organization: { id: "1554f2e2-a373-45db-a3fa-9fc48a61c15e", name: "Harbour House", description: "Harbour House" } }]));
  await page.goto(`${shelter.origin}/en/services/import`);
  for (const button of ["Try: keep nothing yet", "Import"]) {
    await page.setInputFiles("#file", file);
    await page.click(`main button:has-text('${button}')`);
    world.check((await page.locator(".note[role=status]").count()) === 1, `${button} says nothing: ${(await text(page)).slice(0, 300)}`);
  }
  world.check((await text(page, ".note[role=status]")).includes("Imported"), "nothing was imported");

  // A service is deleted after a page that says what follows.
  await page.goto(`${shelter.origin}/en/services/ours`);
  await page.click(".found a:has-text('Legal clinic')");
  await page.click("summary:has-text('Take it out for good')");
  await page.click("main a:has-text('Delete the service')");
  world.check((await text(page)).includes("Referrals in progress go on"), "what follows is not said");
  await page.click("main button.danger");
  world.check(path(page) === "/en/services/ours" && !(await text(page)).includes("Legal clinic"), "the service is still there");
  const own = new URL(await page.locator(".found h2 a").first().getAttribute("href"), page.url()).pathname.replace("/en", "");

  // What is not there looks like what is somebody else's.
  for (const lost of ["/referrals/00000000000000000000000000000000", "/services/00000000-0000-0000-0000-000000000000", `${service}/edit`]) {
    const answer = await page.goto(`${shelter.origin}/en${lost}`);
    world.check(answer.status() === 404, `${lost} is ${answer.status()}`);
  }

  const third = await refer(page, shelter, newCase(shelter, true));
  await world.tour(page, shelter, [
    ["ref-list", "/referrals"], ["ref-over", "/referrals?list=over"], ["ref-add", `/referrals/add?case=${record}`], ["ref-case", "/referrals/add"],
    ["ref-one", third], ["ref-done", asked], ["openers", "/openers"], ["serv-list", "/services?near=Winnipeg"], ["serv-ours", "/services/ours"],
    ["serv-one", service], ["serv-delete", `${own}/delete`], ["serv-add", "/services/add"], ["serv-import", "/services/import"], ["home", "/home"],
  ], ["ref-one-en", "serv-list-en", "ref-add-fr-390"]);
}
